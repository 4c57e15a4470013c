package topology

import "github.com/millrace-io/millrace/internal/graph"

// Peek calls fn for each record and passes it on as it was; fn must not change
// what a value points to. A record with a null value is passed on without a
// call. It takes the option Name.
//
// By example: internal/corpus/testdata/peek.txt.
func (s KStream[K, V]) Peek(fn func(key K, value V), opts ...Option) KStream[K, V] {
	if fn == nil {
		return s.PeekErr(nil, opts...)
	}
	return s.PeekErr(func(k K, v V) error { fn(k, v); return nil }, opts...)
}

// PeekErr is Peek with a function that can fail: what it refuses goes no
// further.
func (s KStream[K, V]) PeekErr(fn func(key K, value V) error, opts ...Option) KStream[K, V] {
	n := stateless[K, V](s.h, "peek", opts, fn)
	n.New = func(_ graph.Task, outs []any) ([]any, error) {
		return receiver(&peek[K, V]{node: n, fn: fn, out: output[K, V](outs)})
	}
	return StreamOf[K, V](s.h.At(n))
}

type peek[K, V any] struct {
	node *graph.Node
	fn   func(K, V) error
	out  graph.Receiver[K, V]
}

func (r *peek[K, V]) Receive(key K, value V, m *graph.Meta) error {
	if m.HasValue {
		if err := r.fn(key, value); err != nil {
			return graph.At(r.node, err)
		}
	}
	return r.out.Receive(key, value, m)
}

// ForEach calls fn for each record whose value is not null. What fn does to
// the world outside is not part of any transaction: it is done again when a
// record is processed again. It takes the option Name.
//
// By example: internal/corpus/testdata/peek.txt.
func (s KStream[K, V]) ForEach(fn func(key K, value V), opts ...Option) {
	if fn == nil {
		s.ForEachErr(nil, opts...)
		return
	}
	s.ForEachErr(func(k K, v V) error { fn(k, v); return nil }, opts...)
}

// ForEachErr is ForEach with a function that can fail.
func (s KStream[K, V]) ForEachErr(fn func(key K, value V) error, opts ...Option) {
	n := stateless[K, V](s.h, "for-each", opts, fn)
	n.Out = nil
	n.New = func(graph.Task, []any) ([]any, error) {
		return receiver(&forEach[K, V]{node: n, fn: fn})
	}
}

type forEach[K, V any] struct {
	node *graph.Node
	fn   func(K, V) error
}

func (r *forEach[K, V]) Receive(key K, value V, m *graph.Meta) error {
	if !m.HasValue {
		return nil
	}
	return graph.At(r.node, r.fn(key, value))
}
