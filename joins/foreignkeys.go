package joins

import (
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// ForeignKeys is ForeignKey for rows that name several rows of right, each of
// which may be named by several rows of left: orders with products. The result
// has a row for each left row and each key in its list that right has; a key that
// is in the list twice counts once.
//
//	bought := joins.ForeignKeys(orders, products, "bought",
//		func(id string, o Order) []string { return o.Products },
//		func(id string, o Order, p Product) Bought { return Bought{o.Customer, p.Price} })
//
// The keys of the result are Pairs. Its rows are where their left rows are, and
// not where a Pair's own bytes would put them: behind ToStream, what needs equal
// keys in one task sends them through a repartition topic first. A left row costs
// a message for each of its keys whenever it changes.
//
// Topics, stores and options are those of ForeignKey; the foreign keys of a row
// may take up any order.
//
// By example: internal/corpus/testdata/foreign-keys.txt.
func ForeignKeys[K, L, KR, R, V any](left topology.KTable[K, L], right topology.KTable[KR, R], name string,
	foreign func(key K, l L) []KR, joiner func(key K, l L, r R) V, opts ...topology.Option) topology.KTable[Pair[K, KR], V] {
	j := manyForeignKeys[K, L, KR, R, V](foreign)
	j.inner = true
	j.join = func(key K, l L, r processor.Maybe[R]) V { return joiner(key, l, r.Value) }
	return j.table("foreign-keys", left, right, name, pairOf[K, KR], foreign, joiner, opts)
}

// LeftForeignKeys is ForeignKeys with a row for each key in the list of a left
// row: joiner gets none for a key that right does not have.
//
// By example: internal/corpus/testdata/foreign-keys.txt.
func LeftForeignKeys[K, L, KR, R, V any](left topology.KTable[K, L], right topology.KTable[KR, R], name string,
	foreign func(key K, l L) []KR, joiner func(key K, l L, r processor.Maybe[R]) V, opts ...topology.Option) topology.KTable[Pair[K, KR], V] {
	j := manyForeignKeys[K, L, KR, R, V](foreign)
	j.join = joiner
	return j.table("left-foreign-keys", left, right, name, pairOf[K, KR], foreign, joiner, opts)
}

// manyForeignKeys is a join whose left rows have a list of foreign keys.
func manyForeignKeys[K, L, KR, R, V any](foreign func(K, L) []KR) *foreignJoin[K, L, KR, R, Pair[K, KR], V] {
	return &foreignJoin[K, L, KR, R, Pair[K, KR], V]{
		many:      true,
		keys:      func(dst []KR, key K, l L) []KR { return append(dst, foreign(key, l)...) },
		keyOf:     func(key K, foreign KR) Pair[K, KR] { return Pair[K, KR]{key, foreign} },
		ownerOf:   func(of Pair[K, KR]) K { return of.Left },
		foreignOf: func(of Pair[K, KR]) KR { return of.Foreign },
	}
}
