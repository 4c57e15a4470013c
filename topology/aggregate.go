package topology

import (
	"fmt"
	"reflect"

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
			s := accumulatorSerde(n, in, o, agg)
			return s, rowSerde[R](s)
		},
	}.table(group)
}

// accumulatorSerde finds the serde of an aggregation's accumulator: the one
// given, or else the one that the aggregation makes of that of its values.
func accumulatorSerde[V, A, R any](n *graph.Node, in graph.Handle, o *graph.Options, agg aggregate.Aggregation[V, A, R]) serde.Serde[A] {
	if o.ValueSerde != nil {
		return graph.ValueSerde[A](n, in, o)
	}
	values, ok := in.ValueSerde.(serde.Serde[V])
	if !ok {
		found, _ := in.Builder.Find(reflect.TypeFor[V]())
		values, _ = found.(serde.Serde[V])
	}
	s, err := agg.Serde(values, in.Builder.Find)
	if err != nil {
		in.Builder.Errorf(n.Line, "%s: %w", n.Op, err)
	}
	return s
}

// rowSerde is the serde of an accumulator if that is shown as it is, else nil.
func rowSerde[R, A any](s serde.Serde[A]) any {
	if rows, ok := any(s).(serde.Serde[R]); ok {
		return rows
	}
	return nil
}
