package windowing

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// Count counts the records of each key and window in a window store of the
// given name. Records with a null key are dropped; those with a null value
// count, as in Kafka Streams. It takes the options KeySerde, Serdes,
// ValueSerde, Unlogged,
// LogConfig, EmitLatest, EmitSnapshot, EmitOnClose, EmitOnCloseThenLate and
// CloseIdle; counts are stored with serde.Int64 unless
// told otherwise.
//
// By example: internal/corpus/testdata/tumbling.txt.
func Count[K, V any](g topology.KGroupedStream[K, V], name string, w Windows, opts ...topology.Option) Table[K, V, int64] {
	group := g.Graph()
	o := foldOptions(group.Builder, "windowed-count", opts)
	return folding[K, V, int64, int64]{
		op: "windowed-count", name: name, windows: w, options: o,
		functions: functions[V, int64, int64]{
			add:    func(n int64, _ bool, _ V) (int64, error) { return n + 1, nil },
			nulls:  true,
			result: func(n int64) int64 { return n },
			merge:  func(a, b int64) (int64, error) { return a + b, nil },
		},
		serdes: func(n *graph.Node, in graph.Handle) (serde.Serde[int64], any) {
			s := graph.SerdeFor[int64](in.Builder, n, "value", o.ValueSerde, o.ValueType, serde.Int64)
			return s, s
		},
	}.table(group)
}
