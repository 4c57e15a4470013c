package windowing

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// Reduce combines the values of each key and window in a window store of the
// given name: the first value is the row, and fn makes the next row of the
// present one and one more value. Records with a null key or value are dropped.
// It takes the options Serdes, KeySerde, ValueSerde, Unlogged,
// LogConfig, EmitLatest, EmitSnapshot, EmitOnClose, EmitOnCloseThenLate and
// CloseIdle.
//
// By example: internal/corpus/testdata/hopping.txt.
func Reduce[K, V any](g topology.KGroupedStream[K, V], name string, w Windows, fn func(row, value V) V, opts ...topology.Option) Table[K, V, V] {
	if fn == nil {
		return ReduceErr[K, V](g, name, w, nil, opts...)
	}
	return ReduceErr(g, name, w, func(row, value V) (V, error) { return fn(row, value), nil }, opts...)
}

// ReduceErr is Reduce with a function that can fail, or delete the row by
// returning processor.Null.
func ReduceErr[K, V any](g topology.KGroupedStream[K, V], name string, w Windows, fn func(row, value V) (V, error), opts ...topology.Option) Table[K, V, V] {
	group := g.Graph()
	o := foldOptions(group.Builder, "windowed-reduce", opts)
	return folding[K, V, V, V]{
		op: "windowed-reduce", name: name, windows: w, options: o, callback: fn,
		functions: functions[V, V, V]{
			add: func(row V, has bool, value V) (V, error) {
				if !has {
					return value, nil
				}
				return fn(row, value)
			},
			result: func(row V) V { return row },
			merge:  fn,
		},
		serdes: func(n *graph.Node, in graph.Handle) (serde.Serde[V], any) {
			s := graph.ValueSerde[V](n, in, o)
			return s, s
		},
	}.table(group)
}
