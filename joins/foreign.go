package joins

import (
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// ForeignKey joins each row of left with the row of right whose key it names: an
// order with its warehouse, for example. foreign returns that key, and false for
// a row that names none; it may read it from the row's own key (KIP-955).
//
//	placed := joins.ForeignKey(orders, warehouses, "placed",
//		func(id string, o Order) (string, bool) { return o.Warehouse, o.Warehouse != "" },
//		func(id string, o Order, w Warehouse) Placed { return Placed{o, w.City} })
//
// The result has the keys of left. A row changes with either side, and goes when
// one of them does or when it names another key that right does not have. Its
// time is the later one of both rows if the left one has changed, and that of the
// right one if that has.
//
// The two rows may be in different tasks. The left one subscribes to its foreign
// key, through the topic <application>-<name>-subscription-registration-topic,
// and is answered through <application>-<name>-subscription-response-topic
// whenever the right row changes; who has subscribed is in the store
// <name>-subscription-store. Names and bytes are those of Kafka Streams for a
// TableJoined of that name. So a row is briefly what it was before its latest
// change, and never a mixture: an answer to a left row that has changed meanwhile
// is dropped, and counted as out_of_date. For that the serde of left rows must
// give the same bytes for the same row, and foreign and joiner the same results.
//
// The result is kept in a store of the given name. A right row that very many
// left rows name costs an answer for each of them when it changes, in one
// transaction. They share the row's bytes, and hold a key and a digest each.
//
// It takes the options ValueSerde (of the result), Unlogged and LogConfig (for
// its store), EmitLatest and EmitSnapshot, and Partitioner if that of the right
// table's topic is not Kafka's default: a function of right keys and rows, the
// rows being zero values here. Another foreign, or another name of it, is for
// another name of the join: subscriptions of before would stay.
//
// By example: internal/corpus/testdata/foreign-key.txt.
func ForeignKey[K, L, KR, R, V any](left topology.KTable[K, L], right topology.KTable[KR, R], name string,
	foreign func(key K, l L) (KR, bool), joiner func(key K, l L, r R) V, opts ...topology.Option) topology.KTable[K, V] {
	j := oneForeignKey[K, L, KR, R, V](foreign)
	j.inner = true
	j.join = func(key K, l L, r processor.Maybe[R]) V { return joiner(key, l, r.Value) }
	return j.table("foreign-key", left, right, name, leftKeys[K, KR], foreign, joiner, opts)
}

// LeftForeignKey is ForeignKey with a row for each of left: joiner gets none for
// a right row that is not there, and for one that the left row does not name.
//
// By example: internal/corpus/testdata/foreign-key.txt.
func LeftForeignKey[K, L, KR, R, V any](left topology.KTable[K, L], right topology.KTable[KR, R], name string,
	foreign func(key K, l L) (KR, bool), joiner func(key K, l L, r processor.Maybe[R]) V, opts ...topology.Option) topology.KTable[K, V] {
	j := oneForeignKey[K, L, KR, R, V](foreign)
	j.join = joiner
	return j.table("left-foreign-key", left, right, name, leftKeys[K, KR], foreign, joiner, opts)
}

// oneForeignKey is a join whose left rows have one foreign key or none.
func oneForeignKey[K, L, KR, R, V any](foreign func(K, L) (KR, bool)) *foreignJoin[K, L, KR, R, K, V] {
	return &foreignJoin[K, L, KR, R, K, V]{
		keys: func(dst []KR, key K, l L) []KR {
			if k, ok := foreign(key, l); ok {
				dst = append(dst, k)
			}
			return dst
		},
		keyOf:   func(key K, _ KR) K { return key },
		ownerOf: func(of K) K { return of },
	}
}

// leftKeys is the serde of results that have the keys of the left table.
func leftKeys[K, KR any](ks serde.Serde[K], _ serde.Serde[KR]) serde.Serde[K] { return ks }
