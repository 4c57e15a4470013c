package windowing

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// Cogroup aggregates the values of several groups in windows, as
// topology.Cogroup does without: they may be of different types and go into one
// store of the given name, as they arrive, with the aggregation of their group.
//
//	windowing.Cogroup(topology.Into(orders, spent).And(topology.Into(visits, seen)), "customers", windowing.Tumbling(time.Hour))
//
// Init, Merge, which sessions need, Result and Bytes are those of the first
// group, and names of repartition topics are as there. Windows close by the
// highest time of all groups. Records with a null key or value are dropped, those
// that come too late are counted only; an Add that returns processor.Null deletes
// the row. It takes the options of Aggregate.
//
// By example: internal/corpus/testdata/cogroup-windows.txt.
func Cogroup[K, A, R any](parts topology.Part[K, A, R], name string, w Windows, opts ...topology.Option) topology.KTable[state.Windowed[K], R] {
	c := parts.Graph()
	b := c.Parts[0].Builder
	o := foldOptions(b, "windowed-cogroup", opts)
	return folding[K, graph.Step[A], A, R]{
		op: "windowed-cogroup", name: name, windows: w, options: o,
		functions: functions[graph.Step[A], A, R]{
			add: func(acc A, has bool, step graph.Step[A]) (A, error) {
				if !has {
					acc = c.Init()
				}
				return step(acc)
			},
			result: c.Result, merge: c.Merge,
		},
		serdes: func(n *graph.Node, in graph.Handle) (serde.Serde[A], any) {
			s := c.Serde(n, in, o)
			return s, graph.RowSerde[R](s)
		},
	}.behind(steps(b, c, name, o)).KTable
}

// steps is a node that brings all groups into one stream, of functions that put
// a value into an accumulator.
func steps[K, A, R any](b *graph.Builder, c *graph.Cogroup[K, A, R], name string, o *graph.Options) graph.Handle {
	inputs := c.Inputs(name, o)
	n := b.Operator("steps", inputs[0], &graph.Options{})
	n.CoPartition = true
	for i, in := range inputs[1:] {
		if in.Builder != b {
			b.Errorf(n.Line, "windowed-cogroup: the groups belong to different builders")
			continue
		}
		n.In = append(n.In, in.Edge(i+1))
	}
	n.Out = []graph.Port{graph.NewPort[K, graph.Step[A]]()}
	n.New = func(_ graph.Task, outs []any) (ins []any, _ error) {
		for _, p := range c.Parts {
			ins = append(ins, p.Port(outs[0].(graph.Receiver[K, graph.Step[A]])))
		}
		return ins, nil
	}
	return inputs[0].NewValue(n, nil)
}
