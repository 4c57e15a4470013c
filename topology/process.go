package topology

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// Process sends a stream through a Processor, written by hand; what it
// forwards is the resulting stream. fn makes one for each task, and opens its
// stores with Store.Open and its children with Child.Open. Return the Processor's own type from fn: the types
// that it forwards are taken from its methods. It takes the options Name and
// With.
//
// By example: internal/corpus/testdata/process.txt.
func Process[K, V, KO, VO any, P processor.Processor[K, V, KO, VO]](s Streamer[K, V], fn func(ctx processor.Context) P, opts ...Option) KStream[KO, VO] {
	in := s.stream().h
	o := graph.OptionsOf(in.Builder, "process", opts, graph.OptName, graph.OptStores)
	n := in.Builder.Operator("process", in, o)
	in.Builder.Callback(n, fn)
	n.Out = []graph.Port{graph.NewPort[KO, VO]()}
	attached(in.Builder, n, o)
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		return receiver(&process[K, V, KO, VO]{node: n, p: fn(t.Context(n)), time: t.RecordTime(), forward: forward[KO, VO]{out: output[KO, VO](outs)}})
	}
	return StreamOf[KO, VO](in.NewKey(n).NewValue(n, nil))
}

// process is a Processor as a node, and its Output.
type process[K, V, KO, VO any] struct {
	node *graph.Node
	p    processor.Processor[K, V, KO, VO]
	time *int64 // with which its stores are written
	forward[KO, VO]
}

func (r *process[K, V, KO, VO]) Receive(key K, value V, m *graph.Meta) error {
	before := *r.time
	*r.time = m.Time
	err := r.p.Process(processor.Record[K, V]{
		Key: key, Value: value, Time: m.Time, Headers: m.Headers, HasKey: m.HasKey, HasValue: m.HasValue,
	}, r)
	*r.time = before
	return graph.At(r.node, err)
}

// Start calls the Processor's Init, if it has one.
func (r *process[K, V, KO, VO]) Start() error {
	if p, ok := r.p.(interface {
		Init(out processor.Output[KO, VO]) error
	}); ok {
		return graph.At(r.node, p.Init(r))
	}
	return nil
}

// Close calls the Processor's Close, if it has one.
func (r *process[K, V, KO, VO]) Close() error {
	if p, ok := r.p.(graph.Closer); ok {
		return graph.At(r.node, p.Close())
	}
	return nil
}
