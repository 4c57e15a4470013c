package joins

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// InnerTables is the table of the keys that both tables have rows of: a row is
// what joiner makes of the two. It changes with each of them, and has the later
// of their times. It takes the options Name and Stored, and with Stored also
// Serdes, KeySerde, ValueSerde, Unlogged and LogConfig.
//
//	left    a=1         a=2              a=null
//	right         a=x         a=y
//	join          1x    2x    2y         null
//
// Rows are computed on demand from those of both tables, unless Stored keeps
// them: by their keys, for the operators behind. To list them, and for readers
// from outside, such as tests, there has to be a store. joiner is called again for
// rows that it has seen, and should return the same. What is sent on agrees with
// Kafka Streams: a delete of a row that was never there is, if the other table has
// one. Stale changes of versioned tables are dropped and counted.
//
// A record of a topic that both tables are made of, such as a table and what a
// filter lets pass of it, changes a row once, when it has been through both.
// Tables with EmitLatest or EmitOnClose hold their changes back, and what is
// looked up in them is newer than what they have said: put a Filter or MapTable
// with the option Stored before the join, which keeps what was sent on.
//
// Equal keys have to be in equal partitions: the topics of both tables need equal
// partition counts and partitioners.
//
// By example: internal/corpus/testdata/table-table.txt.
func InnerTables[K, L, R, V any](left topology.KTable[K, L], right topology.KTable[K, R], joiner func(key K, l L, r R) V, opts ...topology.Option) topology.KTable[K, V] {
	return joinTables(left, right, true, true, "join-tables", joiner, func(key K, p *pair[L, R]) V {
		return joiner(key, p.left.Value, p.right.Value)
	}, opts)
}

// LeftTables is InnerTables with a row for each of the left table, whether the
// right one has one or not.
//
// By example: internal/corpus/testdata/table-table.txt.
func LeftTables[K, L, R, V any](left topology.KTable[K, L], right topology.KTable[K, R], joiner func(key K, l L, r processor.Maybe[R]) V, opts ...topology.Option) topology.KTable[K, V] {
	return joinTables(left, right, true, false, "left-join-tables", joiner, func(key K, p *pair[L, R]) V {
		return joiner(key, p.left.Value, p.right)
	}, opts)
}

// RightTables is InnerTables with a row for each of the right table, whether the
// left one has one or not.
//
// By example: internal/corpus/testdata/table-table.txt.
func RightTables[K, L, R, V any](left topology.KTable[K, L], right topology.KTable[K, R], joiner func(key K, l processor.Maybe[L], r R) V, opts ...topology.Option) topology.KTable[K, V] {
	return joinTables(left, right, false, true, "right-join-tables", joiner, func(key K, p *pair[L, R]) V {
		return joiner(key, p.left, p.right.Value)
	}, opts)
}

// OuterTables is InnerTables with a row for each key that one of the tables has
// one of, or both.
//
// By example: internal/corpus/testdata/table-table.txt.
func OuterTables[K, L, R, V any](left topology.KTable[K, L], right topology.KTable[K, R], joiner func(key K, l processor.Maybe[L], r processor.Maybe[R]) V, opts ...topology.Option) topology.KTable[K, V] {
	return joinTables(left, right, false, false, "outer-join-tables", joiner, func(key K, p *pair[L, R]) V {
		return joiner(key, p.left, p.right)
	}, opts)
}

// pair is what a row of two tables is made of.
type pair[L, R any] struct {
	left  processor.Maybe[L]
	right processor.Maybe[R]
}

// joinTables joins two tables, each of which may be required for a row.
func joinTables[K, L, R, V any](left topology.KTable[K, L], right topology.KTable[K, R], needsLeft, needsRight bool, op string, joiner any, row func(K, *pair[L, R]) V, opts []topology.Option) topology.KTable[K, V] {
	o := graph.DerivedOptions(left.Graph().Builder, op, opts)
	if o.Name == "" {
		o.Name = o.Store
	}
	t := tableJoin[K, pair[L, R], V]{
		op: op, options: o, row: row,
		parts: []part[K, pair[L, R]]{
			partOf[K, L, pair[L, R]]{left.Graph(), needsLeft, func(p *pair[L, R], l L) { p.left = processor.Some(l) }},
			partOf[K, R, pair[L, R]]{right.Graph(), needsRight, func(p *pair[L, R], r R) { p.right = processor.Some(r) }},
		},
	}.table()
	h := t.Graph()
	h.Builder.Callback(h.Node, joiner)
	return t
}
