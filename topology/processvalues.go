package topology

import (
	"errors"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// ProcessValues is Process with a Processor that cannot change keys: what
// aggregates the resulting stream needs no repartition topic for it. fn makes
// one ValueProcessor for each task, and opens its stores and children. It
// takes the options Name and With.
//
// By example: internal/corpus/testdata/process-values.txt.
func ProcessValues[K, V, VO any, P processor.ValueProcessor[K, V, VO]](s Streamer[K, V], fn func(ctx processor.Context) P, opts ...Option) KStream[K, VO] {
	in := s.stream().h
	o := graph.OptionsOf(in.Builder, "process-values", opts, graph.OptName, graph.OptStores)
	n := in.Builder.Operator("process-values", in, o)
	in.Builder.Callback(n, fn)
	n.Out = []graph.Port{graph.NewPort[K, VO]()}
	attached(in.Builder, n, o)
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		return receiver(&processValues[K, V, VO]{node: n, p: fn(t.Context(n)), time: t.RecordTime(), out: output[K, VO](outs)})
	}
	return StreamOf[K, VO](in.NewValue(n, nil))
}

// processValues is a ValueProcessor as a node, and its ValueOutput.
type processValues[K, V, VO any] struct {
	node *graph.Node
	p    processor.ValueProcessor[K, V, VO]
	time *int64 // with which its stores are written
	out  graph.Receiver[K, VO]
	key  K
	in   *graph.Meta // of the record in hand, nil if there is none
	m    graph.Meta
}

func (r *processValues[K, V, VO]) Receive(key K, value V, m *graph.Meta) error {
	before := *r.time
	r.key, r.in, *r.time = key, m, m.Time
	err := r.p.Process(processor.Record[K, V]{
		Key: key, Value: value, Time: m.Time, Headers: m.Headers, HasKey: m.HasKey, HasValue: m.HasValue,
	}, r)
	r.in, *r.time = nil, before
	return graph.At(r.node, err)
}

func (r *processValues[K, V, VO]) Forward(value VO) error {
	if r.in == nil {
		return graph.At(r.node, errNoRecord)
	}
	r.m = *r.in
	r.m.HasValue = true
	return r.out.Receive(r.key, value, &r.m)
}

func (r *processValues[K, V, VO]) ForwardNull() error {
	if r.in == nil {
		return graph.At(r.node, errNoRecord)
	}
	r.m = *r.in
	r.m.HasValue = false
	return r.out.Receive(r.key, *new(VO), &r.m)
}

func (r *processValues[K, V, VO]) ForwardAt(value processor.Maybe[VO], timeMs int64, headers []processor.Header) error {
	if r.in == nil {
		return graph.At(r.node, errNoRecord)
	}
	r.m = graph.Meta{Time: timeMs, Headers: headers, HasKey: r.in.HasKey, HasValue: value.OK}
	return r.out.Receive(r.key, value.Value, &r.m)
}

var errNoRecord = errors.New("a value was forwarded outside of Process, where there is no key for it: use topology.Process")

// Start calls the ValueProcessor's Init, if it has one.
func (r *processValues[K, V, VO]) Start() error {
	if p, ok := r.p.(interface{ Init() error }); ok {
		return graph.At(r.node, p.Init())
	}
	return nil
}

// Close calls the ValueProcessor's Close, if it has one.
func (r *processValues[K, V, VO]) Close() error {
	if p, ok := r.p.(graph.Closer); ok {
		return graph.At(r.node, p.Close())
	}
	return nil
}
