package topology

import "github.com/millrace-io/millrace/internal/graph"

// KTable is a table under construction: a record is the new state of the row
// with its key, and a null value deletes the row. The zero value is of no use.
type KTable[K, V any] struct {
	h graph.Handle
}

// Graph is for the packages that add operators; its result is of no use
// outside the module.
func (t KTable[K, V]) Graph() graph.Handle { return t.h }

// TableOf is the opposite of KTable.Graph. The port of h must have records of
// K and graph.Change[V], and its View be a graph.View[K, V].
func TableOf[K, V any](h graph.Handle) KTable[K, V] { return KTable[K, V]{h} }

// ToStream is the stream of the table's updates: each record is the new value
// of a row, null where it was deleted. It takes the option Name.
func (t KTable[K, V]) ToStream(opts ...Option) KStream[K, V] {
	o := graph.OptionsOf(t.h.Builder, "to-stream", opts, graph.OptName)
	n := t.h.Builder.Operator("to-stream", t.h, o)
	n.Out = []graph.Port{graph.NewPort[K, V]()}
	n.New = func(_ graph.Task, outs []any) ([]any, error) {
		return []any{&toStream[K, V]{out: outs[0].(graph.Receiver[K, V])}}, nil
	}
	return StreamOf[K, V](t.h.At(n))
}

type toStream[K, V any] struct {
	out graph.Receiver[K, V]
	m   graph.Meta
}

func (r *toStream[K, V]) Receive(key K, c graph.Change[V], m *graph.Meta) error {
	if m.HasValue == c.HasNew {
		return r.out.Receive(key, c.New, m)
	}
	r.m = *m
	r.m.HasValue = c.HasNew
	return r.out.Receive(key, c.New, &r.m)
}
