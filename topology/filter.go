package topology

import "github.com/millrace-io/millrace/internal/graph"

// Filter keeps the records for which keep returns true. A record with a null
// value is dropped. It takes the option Name.
//
// By example: internal/corpus/testdata/filter.txt.
func (s KStream[K, V]) Filter(keep func(key K, value V) bool, opts ...Option) KStream[K, V] {
	return s.filter("filter", withError2(keep), opts)
}

// FilterErr is Filter with a function that can fail.
func (s KStream[K, V]) FilterErr(keep func(key K, value V) (bool, error), opts ...Option) KStream[K, V] {
	return s.filter("filter", keep, opts)
}

// FilterNot drops the records for which drop returns true. A record with a
// null value is dropped too. It takes the option Name.
//
// By example: internal/corpus/testdata/filter.txt.
func (s KStream[K, V]) FilterNot(drop func(key K, value V) bool, opts ...Option) KStream[K, V] {
	return s.FilterNotErr(withError2(drop), opts...)
}

// FilterNotErr is FilterNot with a function that can fail.
func (s KStream[K, V]) FilterNotErr(drop func(key K, value V) (bool, error), opts ...Option) KStream[K, V] {
	if drop == nil {
		return s.filter("filter-not", nil, opts)
	}
	return s.filter("filter-not", func(key K, value V) (bool, error) {
		drops, err := drop(key, value)
		return !drops, err
	}, opts)
}

func (s KStream[K, V]) filter(op string, keep func(K, V) (bool, error), opts []Option) KStream[K, V] {
	n := stateless[K, V](s.h, op, opts, keep)
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		return receiver(&filter[K, V]{node: n, keep: keep, out: output[K, V](outs), dropped: newDropped(t, n)})
	}
	return StreamOf[K, V](s.h.At(n))
}

type filter[K, V any] struct {
	node    *graph.Node
	keep    func(K, V) (bool, error)
	out     graph.Receiver[K, V]
	dropped dropped
}

func (r *filter[K, V]) Receive(key K, value V, m *graph.Meta) error {
	if !m.HasValue {
		*r.dropped.nullValue++
		return nil
	}
	keep, err := r.keep(key, value)
	if err != nil {
		return graph.At(r.node, err)
	}
	if !keep {
		return nil
	}
	return r.out.Receive(key, value, m)
}
