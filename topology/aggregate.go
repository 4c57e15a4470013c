package topology

import (
	"fmt"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// Aggregate aggregates the values of each key in a store of the given name.
// The store holds accumulators, the table shows their results. Records with a
// null key or value are dropped; an Add that returns processor.Null deletes
// the row. For grouped tables the aggregation needs Remove. It takes the
// options Serdes, KeySerde, ValueSerde (of the accumulator), Unlogged,
// LogConfig, TTL, EmitLatest and EmitSnapshot.
//
// By example: internal/corpus/testdata/aggregate.txt.
func Aggregate[K, V, A, R any](g Grouped[K, V], name string, agg aggregate.Aggregation[V, A, R], opts ...Option) KTable[K, R] {
	group := g.grouped()
	b := group.in.Builder
	o := foldOptions(b, "aggregate", opts)
	return folding[K, V, A, R]{
		op: "aggregate", name: name, options: o,
		add: func(acc A, has bool, value V) (A, error) {
			if !has {
				acc = agg.Init()
			}
			return agg.Add(acc, value)
		},
		remove: agg.Remove, missing: fmt.Sprintf("Remove, and the aggregation %q has none", agg.Name),
		result: agg.Result,
		serdes: func(n *graph.Node, in graph.Handle) (serde.Serde[A], any) {
			if agg.Init == nil || agg.Add == nil || agg.Result == nil {
				b.Errorf(n.Line, "aggregate: the aggregation needs Init, Add and Result")
			}
			n.Detail = agg.Name
			s := graph.AccumulatorSerde(n, in, o, agg.Serde)
			return s, graph.RowSerde[R](s)
		},
	}.table(group)
}
