package topology

import (
	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// Part is one or more groups with what is done to their values: all go into
// the same accumulators. The zero value is of no use.
type Part[K, A, R any] struct {
	c *graph.Cogroup[K, A, R]
}

// Into is a group whose values agg puts into the accumulators of a Cogroup:
//
//	topology.Cogroup(topology.Into(orders, spent).And(topology.Into(visits, seen)), "customers")
func Into[K, V, A, R any](g KGroupedStream[K, V], agg aggregate.Aggregation[V, A, R]) Part[K, A, R] {
	group, line := g.g, graph.Caller()
	if agg.Init == nil || agg.Add == nil || agg.Result == nil {
		group.in.Builder.Errorf(line, "into: the aggregation needs Init, Add and Result")
	}
	return Part[K, A, R]{&graph.Cogroup[K, A, R]{
		Init: agg.Init, Merge: agg.Merge, Result: agg.Result,
		Serde: func(n *graph.Node, in graph.Handle, o *graph.Options) serde.Serde[A] {
			n.Detail = agg.Name
			return graph.AccumulatorSerde(n, in, o, agg.Serde)
		},
		Parts: []graph.CogroupPart[K, A]{{
			Grouped: g.Graph(),
			Unnamed: group.in.Rekeyed && group.options.Name == "",
			Port: func(next graph.Receiver[K, graph.Step[A]]) any {
				r := &stepper[K, V, A]{add: agg.Add, next: next}
				r.step = r.apply
				return r
			},
		}},
	}}
}

// And is p with more groups.
func (p Part[K, A, R]) And(more ...Part[K, A, R]) Part[K, A, R] {
	c := *p.c
	c.Parts = append([]graph.CogroupPart[K, A]{}, c.Parts...)
	for _, m := range more {
		c.Parts = append(c.Parts, m.c.Parts...)
	}
	return Part[K, A, R]{&c}
}

// Graph is for the packages that add operators; its result is of no use
// outside the module.
func (p Part[K, A, R]) Graph() *graph.Cogroup[K, A, R] { return p.c }

// Cogroup aggregates the values of several groups, which may be of different
// types, into one table with one store of the given name. Records go in as they
// arrive, with the aggregation of their group; Init, Result and Bytes are those
// of the first one. Records with a null key or value are dropped; an Add that
// returns processor.Null deletes the row.
//
// A group that needs a repartition topic and has no name of its own names it
// after the store, the second one of these <name>-2, and so on. All topics
// that the groups come from need equal partition counts. It takes the options
// Serdes, KeySerde, ValueSerde (of the accumulator), Unlogged, LogConfig,
// TTL, EmitLatest and EmitSnapshot.
//
// By example: internal/corpus/testdata/cogroup.txt.
func Cogroup[K, A, R any](parts Part[K, A, R], name string, opts ...Option) KTable[K, R] {
	c := parts.c
	b := c.Parts[0].Builder
	o := foldOptions(b, "cogroup", opts)
	inputs := c.Inputs(name, o)
	t := folding[K, graph.Step[A], A, R]{
		op: "cogroup", name: name, options: o,
		add: func(acc A, has bool, step graph.Step[A]) (A, error) {
			if !has {
				acc = c.Init()
			}
			return step(acc)
		},
		result: c.Result,
		serdes: func(n *graph.Node, in graph.Handle) (serde.Serde[A], any) {
			s := c.Serde(n, in, o)
			return s, graph.RowSerde[R](s)
		},
		ports: func(r *fold[K, graph.Step[A], A, R]) (ins []any) {
			for _, p := range c.Parts {
				ins = append(ins, p.Port(r))
			}
			return ins
		},
	}.behind(inputs[0])
	for i, in := range inputs[1:] {
		if in.Builder != b {
			b.Errorf(t.h.Node.Line, "cogroup: the groups belong to different builders")
			continue
		}
		t.h.Node.In = append(t.h.Node.In, in.Edge(i+1))
	}
	return t
}

// stepper is the input port of one group: it makes each value a step. The step
// is the same function for all of them, since it is done before the next one.
type stepper[K, V, A any] struct {
	add   func(acc A, value V) (A, error)
	next  graph.Receiver[K, graph.Step[A]]
	step  graph.Step[A]
	value V
}

func (r *stepper[K, V, A]) Receive(key K, value V, m *graph.Meta) error {
	r.value = value
	return r.next.Receive(key, r.step, m)
}

func (r *stepper[K, V, A]) apply(acc A) (A, error) { return r.add(acc, r.value) }
