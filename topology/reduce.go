package topology

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// Reduce combines the values of each key in a store of the given name: a key's
// first value is its row, and fn makes the next row of the present one and one
// more value. Records with a null key or value are dropped. It takes the
// options Serdes, KeySerde, ValueSerde, Unlogged, LogConfig and TTL.
func Reduce[K, V any](g Grouped[K, V], name string, fn func(row, value V) V, opts ...Option) KTable[K, V] {
	return ReduceErr(g, name, withError2(fn), opts...)
}

// ReduceErr is Reduce with a function that can fail, or delete the row by
// returning processor.Null.
func ReduceErr[K, V any](g Grouped[K, V], name string, fn func(row, value V) (V, error), opts ...Option) KTable[K, V] {
	group := g.grouped()
	o := foldOptions(group.in.Builder, "reduce", opts)
	return folding[K, V, V, V]{
		op: "reduce", name: name, options: o, callback: fn,
		add: func(row V, has bool, value V) (V, error) {
			if !has {
				return value, nil
			}
			return fn(row, value)
		},
		result: func(row V) V { return row },
		serdes: func(n *graph.Node, in graph.Handle) (serde.Serde[V], any) {
			s := graph.ValueSerde[V](n, in, o)
			return s, s
		},
	}.table(group)
}
