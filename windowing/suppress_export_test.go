package windowing

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/topology"
)

// LookUp calls fn with the row of each key of a table that changes, as it is
// found afterwards.
func LookUp[K, R any](t topology.KTable[K, R], fn func(key K, row R, timeMs int64, ok bool)) {
	view := graph.ViewOf[K, R](t.Graph())
	n := t.Graph().Builder.Operator("look-up", t.Graph(), &graph.Options{})
	n.Stores = view.Stores
	n.New = func(t graph.Task, _ []any) ([]any, error) {
		rows, err := view.Open(t)
		return []any{&lookUp[K, R]{rows, fn}}, err
	}
}

type lookUp[K, R any] struct {
	rows graph.Getter[K, R]
	fn   func(key K, row R, timeMs int64, ok bool)
}

func (r *lookUp[K, R]) Receive(key K, _ graph.Change[R], _ *graph.Meta) error {
	row, timeMs, ok, err := r.rows.Get(key)
	r.fn(key, row, timeMs, ok)
	return err
}

// Before is a table that is looked up each time that another one has changed.
func Before[K, R any](looked, changed topology.KTable[K, R]) topology.KTable[K, R] {
	h := changed.Graph()
	h.View = looked.Graph().View
	return topology.TableOf[K, R](h)
}
