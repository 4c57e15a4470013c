package topology

import "github.com/millrace-io/millrace/internal/graph"

// Map replaces each record by one with another key and value. A record with a
// null value is dropped. It takes the option Name.
//
// By example: internal/corpus/testdata/map.txt.
func Map[K, V, KO, VO any](s Streamer[K, V], fn func(key K, value V) (KO, VO), opts ...Option) KStream[KO, VO] {
	if fn == nil {
		return MapErr[K, V, KO, VO](s, nil, opts...)
	}
	return MapErr(s, func(k K, v V) (KO, VO, error) {
		ko, vo := fn(k, v)
		return ko, vo, nil
	}, opts...)
}

// MapErr is Map with a function that can fail, or make the resulting value a
// null by returning processor.Null.
func MapErr[K, V, KO, VO any](s Streamer[K, V], fn func(key K, value V) (KO, VO, error), opts ...Option) KStream[KO, VO] {
	in := s.stream().h
	n := stateless[KO, VO](in, "map", opts, fn)
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		return receiver(&mapper[K, V, KO, VO]{node: n, fn: fn, out: output[KO, VO](outs), dropped: newDropped(t, n)})
	}
	return StreamOf[KO, VO](in.NewKey(n).NewValue(n, nil))
}

type mapper[K, V, KO, VO any] struct {
	node    *graph.Node
	fn      func(K, V) (KO, VO, error)
	out     graph.Receiver[KO, VO]
	dropped dropped
	m       graph.Meta
}

func (r *mapper[K, V, KO, VO]) Receive(key K, value V, m *graph.Meta) error {
	if !m.HasValue {
		*r.dropped.nullValue++
		return nil
	}
	ko, vo, err := r.fn(key, value)
	isNull, err := null(err)
	if err != nil {
		return graph.At(r.node, err)
	}
	if isNull {
		vo = *new(VO)
	} else if m.HasKey {
		return r.out.Receive(ko, vo, m)
	}
	r.m = *m
	r.m.HasKey, r.m.HasValue = true, !isNull
	return r.out.Receive(ko, vo, &r.m)
}
