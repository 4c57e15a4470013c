package windowing

import (
	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// Aggregate aggregates the values of each key and window in a window store of
// the given name. The store holds accumulators, the table shows their results.
// Records with a null key or value are dropped; an Add that returns
// processor.Null deletes the row. It takes the options Serdes, KeySerde,
// ValueSerde (of the accumulator), Unlogged,
// LogConfig, EmitLatest, EmitSnapshot, EmitOnClose, EmitOnCloseThenLate and
// CloseIdle.
//
// By example: internal/corpus/testdata/hopping.txt.
func Aggregate[K, V, A, R any](g topology.KGroupedStream[K, V], name string, w Windows, agg aggregate.Aggregation[V, A, R], opts ...topology.Option) Table[K, V, R] {
	group := g.Graph()
	b := group.Builder
	o := foldOptions(b, "windowed-aggregate", opts)
	return folding[K, V, A, R]{
		op: "windowed-aggregate", name: name, windows: w, options: o,
		functions: functions[V, A, R]{
			add: func(acc A, has bool, value V) (A, error) {
				if !has {
					acc = agg.Init()
				}
				return agg.Add(acc, value)
			},
			result: agg.Result,
			merge:  agg.Merge,
		},
		serdes: func(n *graph.Node, in graph.Handle) (serde.Serde[A], any) {
			if agg.Init == nil || agg.Add == nil || agg.Result == nil {
				b.Errorf(n.Line, "windowed-aggregate: the aggregation needs Init, Add and Result")
			}
			n.Detail = agg.Name + "; " + n.Detail
			s := graph.AccumulatorSerde(n, in, o, agg.Serde)
			return s, graph.RowSerde[R](s)
		},
	}.table(group)
}
