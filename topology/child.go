package topology

import (
	"fmt"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// Child is a further output of a Processor, with types of its own: attach it
// with the option With, open it in the function that makes the Processor, and
// take its stream behind it.
//
//	late := topology.NewChild[string, Order](b, "late")
//	inTime := topology.Process(orders, func(ctx processor.Context) *clerk {
//		return &clerk{late: late.Open(ctx)}
//	}, topology.With(late))
//	topology.To(late.Stream(), "late-orders")
//
// A record goes to those outputs that it is forwarded to, one or more. The
// zero value is of no use.
type Child[K, V any] struct {
	c *graph.Child
}

// NewChild makes a child with a name that tells it from the other children of
// its Processor.
//
// By example: internal/corpus/testdata/children.txt.
func NewChild[K, V any](b *Builder, name string) Child[K, V] {
	c := &graph.Child{Builder: b.g, Line: graph.Caller(), Port: graph.NewPort[K, V]()}
	c.Port.Name, c.Port.Line = name, c.Line
	if name == "" {
		b.g.Errorf(c.Line, "a child needs a name")
	}
	b.g.AtBuild(c.Line, func() error {
		if c.Node == nil {
			return fmt.Errorf("no Processor uses child %q: attach it with the option With", name)
		}
		return nil
	})
	return Child[K, V]{c}
}

func (c Child[K, V]) attach(o *graph.Options) { o.Children = append(o.Children, c.c) }

// Open returns the output as the task of ctx has it. Call it in the function
// that makes the Processor which the child is attached to: it panics elsewhere,
// which is reported as an error of the task.
func (c Child[K, V]) Open(ctx processor.Context) processor.Output[K, V] {
	from, ok := ctx.(graph.ChildContext)
	if !ok {
		panic(fmt.Errorf("child %s: %T is no context of a task", c.c.Port.Name, ctx))
	}
	out, err := from.Child(c.c)
	if err != nil {
		panic(err)
	}
	return &forward[K, V]{out: out.(graph.Receiver[K, V])}
}

// Stream is the stream of what is forwarded to the child. Call it after the
// function that the child was given to with the option With. Its keys may be
// any: what aggregates it sends it through a repartition topic first.
func (c Child[K, V]) Stream() KStream[K, V] {
	b := c.c.Builder
	if c.c.Node == nil {
		line := graph.Caller()
		b.Errorf(line, "child %q: Stream is called before it is attached to a Processor", c.c.Port.Name)
		return StreamOf[K, V](graph.Handle{Builder: b, Node: b.Add(&graph.Node{Op: "child", Line: line, Out: []graph.Port{c.c.Port}})})
	}
	return StreamOf[K, V](graph.Handle{Builder: b, Node: c.c.Node, Port: c.c.At, Rekeyed: true})
}

// forward is an Output that leads to out.
type forward[K, V any] struct {
	out graph.Receiver[K, V]
	m   graph.Meta
}

func (f *forward[K, V]) Forward(r processor.Record[K, V]) error {
	f.m = graph.Meta{Time: r.Time, Headers: r.Headers, HasKey: r.HasKey, HasValue: r.HasValue}
	return f.out.Receive(r.Key, r.Value, &f.m)
}
