package topology

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// Reduce combines the values of each key in a store of the given name: a key's
// first value is its row, and fn makes the next row of the present one and one
// more value. Records with a null key or value are dropped. It takes the
// options Serdes, KeySerde, ValueSerde, Unlogged, LogConfig, TTL, EmitLatest,
// EmitSnapshot, and for grouped tables, which need it, Subtract.
//
// By example: internal/corpus/testdata/reduce.txt.
func Reduce[K, V any](g Grouped[K, V], name string, fn func(row, value V) V, opts ...Option) KTable[K, V] {
	return ReduceErr(g, name, withError2(fn), opts...)
}

// ReduceErr is Reduce with a function that can fail, or delete the row by
// returning processor.Null.
func ReduceErr[K, V any](g Grouped[K, V], name string, fn func(row, value V) (V, error), opts ...Option) KTable[K, V] {
	group := g.grouped()
	o := foldOptions(group.in.Builder, "reduce", opts, graph.OptSubtract)
	if o.Given(graph.OptSubtract) && !group.table {
		group.in.Builder.Errorf(graph.Caller(), "reduce: Subtract is for grouped tables: what a stream has put in stays")
	}
	return folding[K, V, V, V]{
		op: "reduce", name: name, options: o, callback: fn,
		add: func(row V, has bool, value V) (V, error) {
			if !has {
				return value, nil
			}
			return fn(row, value)
		},
		remove: subtraction[V](group.in.Builder, o), missing: "the option Subtract",
		result: same[V],
		serdes: func(n *graph.Node, in graph.Handle) (serde.Serde[V], any) {
			s := graph.ValueSerde[V](n, in, o)
			return s, s
		},
	}.table(group)
}

// Subtract gives Reduce the function that takes a value out of a row again:
// fn(reduce(row, v), v) must be row. What it makes of the last value of a group
// stays as its row.
func Subtract[V any](fn func(row, value V) V) Option {
	return func(o *graph.Options) {
		o.Give(graph.OptSubtract)
		o.Subtract, o.SubtractType = withError2(fn), graph.TypeName[V]()
	}
}

// subtraction is the function that was given to Subtract, nil if there is none.
func subtraction[V any](b *graph.Builder, o *graph.Options) func(row, value V) (V, error) {
	if !o.Given(graph.OptSubtract) {
		return nil
	}
	fn, ok := o.Subtract.(func(row, value V) (V, error))
	switch {
	case !ok:
		b.Errorf(graph.Caller(), "reduce: the values are %s and the function of Subtract takes %s", graph.TypeName[V](), o.SubtractType)
	case fn == nil:
		b.Errorf(graph.Caller(), "reduce: the function of Subtract is nil")
	default:
		return fn
	}
	return func(row, _ V) (V, error) { return row, nil } // the error is noted: none about a missing option
}
