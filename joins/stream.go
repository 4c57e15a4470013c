package joins

import (
	"reflect"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Stream is the result of a join of streams of L and R. It can be used wherever a
// KStream can. The zero value is of no use.
type Stream[K, L, R, V any] struct {
	topology.KStream[K, V]
	left, right graph.Handle // of what came late
}

// LateLeft is the stream of the left records that came too late to be joined: they
// were behind the stream time of the join by more than their lateness. Key, event
// time and headers are the record's own; Start and End of windowing.Late are the
// times, the latter excluded, at which right records would have matched. On a
// topic such a record is its value, with the lateness in headers: see
// windowing.Table.Late. It takes the option Name.
func (s Stream[K, L, R, V]) LateLeft(opts ...topology.Option) topology.KStream[K, windowing.Late[L]] {
	return lateStream[K, L](s.left, opts)
}

// LateRight is LateLeft for the right records.
func (s Stream[K, L, R, V]) LateRight(opts ...topology.Option) topology.KStream[K, windowing.Late[R]] {
	return lateStream[K, R](s.right, opts)
}

// The ports of a join of streams.
const (
	resultPort = iota
	lateLeftPort
	lateRightPort
)

// lateHandle is the handle of the late records of node n that leave by a port,
// where in is the handle of the records.
func lateHandle[V any](in graph.Handle, n *graph.Node, port int) graph.Handle {
	h := in.NewValue(n, nil)
	h.Port = port
	if vs, ok := in.ValueSerde.(serde.Serde[V]); ok {
		h.ValueSerde, _ = windowing.Late[V]{}.DeriveSerde(func(reflect.Type) (any, bool) { return vs, true })
	}
	return h
}

func lateStream[K, V any](in graph.Handle, opts []topology.Option) topology.KStream[K, windowing.Late[V]] {
	b := in.Builder
	n := b.Operator("late", in, graph.OptionsOf(b, "late", opts, graph.OptName))
	n.Out = []graph.Port{graph.NewPort[K, windowing.Late[V]]()}
	n.New = func(_ graph.Task, outs []any) ([]any, error) {
		return []any{&late[K, V]{out: outs[0].(graph.Receiver[K, windowing.Late[V]])}}, nil
	}
	return topology.StreamOf[K, windowing.Late[V]](in.At(n))
}

// late gives late records their headers, for those who read them.
type late[K, V any] struct {
	out graph.Receiver[K, windowing.Late[V]]
	m   graph.Meta
}

func (r *late[K, V]) Receive(key K, l windowing.Late[V], m *graph.Meta) error {
	r.m = *m
	r.m.Headers = l.Headers(m.Headers)
	return r.out.Receive(key, l, &r.m)
}
