package topology

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// ChangesOf calls fn for each update of a table.
func ChangesOf[K, V any](t KTable[K, V], fn func(key K, c graph.Change[V])) {
	n := t.h.Builder.Operator("changes", t.h, &graph.Options{})
	n.New = func(graph.Task, []any) ([]any, error) { return receiver(changes[K, V](fn)) }
}

type changes[K, V any] func(K, graph.Change[V])

func (f changes[K, V]) Receive(key K, c graph.Change[V], _ *graph.Meta) error {
	f(key, c)
	return nil
}

// ViewOf looks up rows of a table in a task of which look is a node: rows is
// called with the table's rows for each of its updates, after it.
func ViewOf[K, V any](t KTable[K, V], look func(key K, c graph.Change[V], rows graph.Getter[K, V]) error) {
	view := graph.ViewOf[K, V](t.h)
	n := t.h.Builder.Operator("looks", t.h, &graph.Options{})
	n.Stores = view.Stores
	n.New = func(t graph.Task, _ []any) ([]any, error) {
		rows, err := view.Open(t)
		return []any{&looks[K, V]{look, rows}}, err
	}
}

type looks[K, V any] struct {
	look func(K, graph.Change[V], graph.Getter[K, V]) error
	rows graph.Getter[K, V]
}

func (r *looks[K, V]) Receive(key K, c graph.Change[V], _ *graph.Meta) error {
	return r.look(key, c, r.rows)
}

// ChangeSerde is the serde of changes in repartition topics.
func ChangeSerde[V any](rows serde.Serde[V]) serde.Serde[graph.Change[V]] {
	return changeSerde[V]{rows}
}

// WithChange is the table with its updates changed.
func WithChange[K, V any](t KTable[K, V], fn func(graph.Change[V]) graph.Change[V]) KTable[K, V] {
	n := t.h.Builder.Operator("with-change", t.h, &graph.Options{})
	n.Out = []graph.Port{graph.NewPort[K, graph.Change[V]]()}
	n.New = func(_ graph.Task, outs []any) ([]any, error) {
		return receiver(&withChange[K, V]{fn, output[K, graph.Change[V]](outs)})
	}
	return TableOf[K, V](t.h.At(n))
}

type withChange[K, V any] struct {
	fn  func(graph.Change[V]) graph.Change[V]
	out graph.Receiver[K, graph.Change[V]]
}

func (r *withChange[K, V]) Receive(key K, c graph.Change[V], m *graph.Meta) error {
	return r.out.Receive(key, r.fn(c), m)
}
