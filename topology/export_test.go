package topology

import "github.com/millrace-io/millrace/internal/graph"

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
