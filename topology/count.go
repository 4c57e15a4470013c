package topology

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// Count counts the records of each key, or the rows of a table, in a store of
// the given name. Records with a null key or value are dropped. It takes the
// options KeySerde, Serdes, ValueSerde, Unlogged, LogConfig, TTL, EmitLatest and
// EmitSnapshot; counts are stored with serde.Int64 unless told otherwise.
//
// By example: internal/corpus/testdata/count.txt.
func Count[K, V any](g Grouped[K, V], name string, opts ...Option) KTable[K, int64] {
	group := g.grouped()
	o := foldOptions(group.in.Builder, "count", opts)
	return folding[K, V, int64, int64]{
		op: "count", name: name, options: o,
		add:    func(n int64, _ bool, _ V) (int64, error) { return n + 1, nil },
		remove: func(n int64, _ V) (int64, error) { return n - 1, nil },
		result: func(n int64) int64 { return n },
		serdes: func(n *graph.Node, in graph.Handle) (serde.Serde[int64], any) {
			s := graph.SerdeFor[int64](in.Builder, n, "value", o.ValueSerde, o.ValueType, serde.Int64)
			return s, s
		},
	}.table(group)
}
