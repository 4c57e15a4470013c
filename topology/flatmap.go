package topology

import "github.com/millrace-io/millrace/internal/graph"

// Pair is a key and a value, as FlatMap's function returns them.
type Pair[K, V any] struct {
	Key   K
	Value V
}

// FlatMapValues replaces each record by one per value that fn returns, all
// under its key. A record with a null value is dropped. It takes the option
// Name.
//
// By example: internal/corpus/testdata/flat-map.txt.
func FlatMapValues[K, V, VO any](s Streamer[K, V], fn func(value V) []VO, opts ...Option) KStream[K, VO] {
	return FlatMapValuesErr(s, withError(fn), opts...)
}

// FlatMapValuesErr is FlatMapValues with a function that can fail, or make one
// null of the record by returning processor.Null.
func FlatMapValuesErr[K, V, VO any](s Streamer[K, V], fn func(value V) ([]VO, error), opts ...Option) KStream[K, VO] {
	in := s.stream().h
	n := stateless[K, VO](in, "flat-map-values", opts, fn)
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		return receiver(&flatMapValues[K, V, VO]{node: n, fn: fn, out: output[K, VO](outs), dropped: newDropped(t, n)})
	}
	return StreamOf[K, VO](in.NewValue(n, nil))
}

type flatMapValues[K, V, VO any] struct {
	node    *graph.Node
	fn      func(V) ([]VO, error)
	out     graph.Receiver[K, VO]
	dropped dropped
	m       graph.Meta
}

func (r *flatMapValues[K, V, VO]) Receive(key K, value V, m *graph.Meta) error {
	if !m.HasValue {
		*r.dropped.nullValue++
		return nil
	}
	values, err := r.fn(value)
	isNull, err := null(err)
	if err != nil {
		return graph.At(r.node, err)
	}
	if isNull {
		r.m = *m
		r.m.HasValue = false
		return r.out.Receive(key, *new(VO), &r.m)
	}
	for _, v := range values {
		if err := r.out.Receive(key, v, m); err != nil {
			return err
		}
	}
	return nil
}

// FlatMap replaces each record by those that fn returns. A record with a null
// value is dropped. It takes the option Name.
//
// By example: internal/corpus/testdata/flat-map.txt.
func FlatMap[K, V, KO, VO any](s Streamer[K, V], fn func(key K, value V) []Pair[KO, VO], opts ...Option) KStream[KO, VO] {
	return FlatMapErr(s, withError2(fn), opts...)
}

// FlatMapErr is FlatMap with a function that can fail.
func FlatMapErr[K, V, KO, VO any](s Streamer[K, V], fn func(key K, value V) ([]Pair[KO, VO], error), opts ...Option) KStream[KO, VO] {
	in := s.stream().h
	n := stateless[KO, VO](in, "flat-map", opts, fn)
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		return receiver(&flatMap[K, V, KO, VO]{node: n, fn: fn, out: output[KO, VO](outs), dropped: newDropped(t, n)})
	}
	return StreamOf[KO, VO](in.NewKey(n).NewValue(n, nil))
}

type flatMap[K, V, KO, VO any] struct {
	node    *graph.Node
	fn      func(K, V) ([]Pair[KO, VO], error)
	out     graph.Receiver[KO, VO]
	dropped dropped
	m       graph.Meta
}

func (r *flatMap[K, V, KO, VO]) Receive(key K, value V, m *graph.Meta) error {
	if !m.HasValue {
		*r.dropped.nullValue++
		return nil
	}
	pairs, err := r.fn(key, value)
	if err != nil {
		return graph.At(r.node, err)
	}
	if !m.HasKey {
		r.m = *m
		r.m.HasKey = true
		m = &r.m
	}
	for i := range pairs {
		if err := r.out.Receive(pairs[i].Key, pairs[i].Value, m); err != nil {
			return err
		}
	}
	return nil
}
