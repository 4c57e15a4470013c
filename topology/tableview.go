package topology

import (
	"cmp"
	"fmt"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/state"
)

// storeView is the View of a table whose rows are what result makes of the
// content of a store.
func storeView[K, A, R any](name string, result func(A) R) graph.View[K, R] {
	return graph.View[K, R]{Stores: []string{name}, Open: func(t graph.Task) (graph.Getter[K, R], error) {
		s, ok := t.Store(name).(state.KeyValue[K, A])
		if !ok {
			return nil, fmt.Errorf("store %s is not part of task %s", name, t.ID())
		}
		return &storeRows[K, A, R]{s, result}, nil
	}}
}

type storeRows[K, A, R any] struct {
	store  state.KeyValue[K, A]
	result func(A) R
}

func (r *storeRows[K, A, R]) Get(key K) (row R, timeMs int64, ok bool, err error) {
	acc, timeMs, ok, err := r.store.GetWithTime(key)
	if !ok || err != nil {
		return row, 0, false, err
	}
	return r.result(acc), timeMs, true, nil
}

// All lists the rows of a store that can be listed with their times.
func (r *storeRows[K, A, R]) All(visit func(key K, row R, timeMs int64) error) error {
	s, ok := r.store.(interface {
		AllWithTime(yield func(K, A, int64) bool) error
	})
	if !ok {
		return fmt.Errorf("%T cannot list its rows", r.store)
	}
	var failed error
	err := s.AllWithTime(func(key K, acc A, timeMs int64) bool {
		failed = visit(key, r.result(acc), timeMs)
		return failed == nil
	})
	return cmp.Or(failed, err)
}

// same is the result of stores that hold rows as they are.
func same[V any](row V) V { return row }
