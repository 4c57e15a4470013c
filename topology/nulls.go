package topology

import (
	"reflect"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
)

// WithNulls is the stream with null values made visible: functions behind it
// see a Maybe that is not OK where the value is null, and sinks write a null
// for one. Its opposite is Values. It takes the option Name.
//
// By example: internal/corpus/testdata/nulls.txt.
func WithNulls[K, V any](s Streamer[K, V], opts ...Option) KStream[K, processor.Maybe[V]] {
	in := s.stream().h
	n := stateless[K, processor.Maybe[V]](in, "with-nulls", opts, nil)
	n.New = func(_ graph.Task, outs []any) ([]any, error) {
		return receiver(&withNulls[K, V]{out: output[K, processor.Maybe[V]](outs)})
	}
	var vs any
	if in.ValueSerde != nil {
		vs, _ = processor.Maybe[V]{}.DeriveSerde(func(reflect.Type) (any, bool) { return in.ValueSerde, true })
	}
	return StreamOf[K, processor.Maybe[V]](in.NewValue(n, vs))
}

type withNulls[K, V any] struct {
	out graph.Receiver[K, processor.Maybe[V]]
	m   graph.Meta
}

func (r *withNulls[K, V]) Receive(key K, value V, m *graph.Meta) error {
	if m.HasValue {
		return r.out.Receive(key, processor.Some(value), m)
	}
	r.m = *m
	r.m.HasValue = true
	return r.out.Receive(key, processor.Maybe[V]{}, &r.m)
}

// Values is the opposite of WithNulls: a Maybe that is not OK becomes a null
// value. It takes the option Name.
func Values[K, V any](s Streamer[K, processor.Maybe[V]], opts ...Option) KStream[K, V] {
	in := s.stream().h
	n := stateless[K, V](in, "values", opts, nil)
	n.New = func(_ graph.Task, outs []any) ([]any, error) {
		return receiver(&values[K, V]{out: output[K, V](outs)})
	}
	var vs any
	if m, ok := in.ValueSerde.(interface{ Inner() serde.Serde[V] }); ok {
		vs = m.Inner()
	}
	return StreamOf[K, V](in.NewValue(n, vs))
}

type values[K, V any] struct {
	out graph.Receiver[K, V]
	m   graph.Meta
}

func (r *values[K, V]) Receive(key K, value processor.Maybe[V], m *graph.Meta) error {
	if m.HasValue && value.OK {
		return r.out.Receive(key, value.Value, m)
	}
	r.m = *m
	r.m.HasValue = false
	return r.out.Receive(key, *new(V), &r.m)
}
