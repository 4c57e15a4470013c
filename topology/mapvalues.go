package topology

import "github.com/millrace-io/millrace/internal/graph"

// MapValues replaces each value by what fn makes of it. A null value is passed
// on as it is. It takes the option Name.
//
// By example: internal/corpus/testdata/map-values-err.txt.
func MapValues[K, V, VO any](s Streamer[K, V], fn func(value V) VO, opts ...Option) KStream[K, VO] {
	return MapValuesErr(s, withError(fn), opts...)
}

// MapValuesErr is MapValues with a function that can fail, or make its result
// a null by returning processor.Null.
//
// By example: internal/corpus/testdata/map-values-err.txt.
func MapValuesErr[K, V, VO any](s Streamer[K, V], fn func(value V) (VO, error), opts ...Option) KStream[K, VO] {
	in := s.stream().h
	n := stateless[K, VO](in, "map-values", opts, fn)
	n.New = func(_ graph.Task, outs []any) ([]any, error) {
		return receiver(&mapValues[K, V, VO]{node: n, fn: fn, out: output[K, VO](outs)})
	}
	return StreamOf[K, VO](in.NewValue(n, nil))
}

type mapValues[K, V, VO any] struct {
	node *graph.Node
	fn   func(V) (VO, error)
	out  graph.Receiver[K, VO]
	m    graph.Meta
}

func (r *mapValues[K, V, VO]) Receive(key K, value V, m *graph.Meta) error {
	var result VO
	if !m.HasValue {
		return r.out.Receive(key, result, m)
	}
	result, err := r.fn(value)
	if err == nil {
		return r.out.Receive(key, result, m)
	}
	if isNull, err := null(err); !isNull {
		return graph.At(r.node, err)
	}
	r.m = *m
	r.m.HasValue = false
	return r.out.Receive(key, *new(VO), &r.m)
}
