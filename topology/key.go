package topology

import "github.com/millrace-io/millrace/internal/graph"

// SelectKey gives each record the key that fn returns. A record with a null
// value gets a null key without a call. It takes the option Name.
//
// What aggregates the result later sends it through a repartition topic first.
//
// By example: internal/corpus/testdata/select-key.txt.
func SelectKey[K, V, KO any](s Streamer[K, V], fn func(key K, value V) KO, opts ...Option) KStream[KO, V] {
	return SelectKeyErr(s, withError2(fn), opts...)
}

// SelectKeyErr is SelectKey with a function that can fail, or make the key a
// null by returning processor.Null.
func SelectKeyErr[K, V, KO any](s Streamer[K, V], fn func(key K, value V) (KO, error), opts ...Option) KStream[KO, V] {
	in := s.stream().h
	n := stateless[KO, V](in, "select-key", opts, fn)
	n.New = newSelectKey(n, fn)
	return StreamOf[KO, V](in.NewKey(n))
}

// newSelectKey is Node.New of SelectKey and GroupBy.
func newSelectKey[K, V, KO any](n *graph.Node, fn func(K, V) (KO, error)) func(graph.Task, []any) ([]any, error) {
	return func(_ graph.Task, outs []any) ([]any, error) {
		return receiver(&selectKey[K, V, KO]{node: n, fn: fn, out: output[KO, V](outs)})
	}
}

type selectKey[K, V, KO any] struct {
	node *graph.Node
	fn   func(K, V) (KO, error)
	out  graph.Receiver[KO, V]
	m    graph.Meta
}

func (r *selectKey[K, V, KO]) Receive(key K, value V, m *graph.Meta) error {
	var selected KO
	has := m.HasValue
	if has {
		k, err := r.fn(key, value)
		isNull, err := null(err)
		if err != nil {
			return graph.At(r.node, err)
		}
		if has = !isNull; has {
			selected = k
		}
	}
	if has == m.HasKey {
		return r.out.Receive(selected, value, m)
	}
	r.m = *m
	r.m.HasKey = has
	return r.out.Receive(selected, value, &r.m)
}
