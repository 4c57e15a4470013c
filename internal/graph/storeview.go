package graph

import (
	"cmp"
	"fmt"

	"github.com/millrace-io/millrace/state"
)

// StoreOf is a store of a task as an S, which it has to be.
func StoreOf[S any](t Task, name string) (S, error) {
	s, ok := t.Store(name).(S)
	if !ok {
		return s, fmt.Errorf("store %s is not part of task %s", name, t.ID())
	}
	return s, nil
}

// StoredView is the View of a table whose rows are what rows makes of a store.
func StoredView[K, R, S any](name string, rows func(S) Getter[K, R]) View[K, R] {
	return View[K, R]{Stores: []string{name}, Open: func(t Task) (Getter[K, R], error) {
		s, err := StoreOf[S](t, name)
		if err != nil {
			return nil, err
		}
		return rows(s), nil
	}}
}

// KeyValueView is the StoredView of a key-value store, of whose content result
// makes rows.
func KeyValueView[K, A, R any](name string, result func(A) R) View[K, R] {
	return StoredView(name, func(s state.KeyValue[K, A]) Getter[K, R] { return &keyValueRows[K, A, R]{s, result} })
}

type keyValueRows[K, A, R any] struct {
	store  state.KeyValue[K, A]
	result func(A) R
}

func (r *keyValueRows[K, A, R]) Get(key K) (row R, timeMs int64, ok bool, err error) {
	acc, timeMs, ok, err := r.store.GetWithTime(key)
	if !ok || err != nil {
		return row, 0, false, err
	}
	return r.result(acc), timeMs, true, nil
}

// All lists the rows of a store that can be listed with their times.
func (r *keyValueRows[K, A, R]) All(visit func(key K, row R, timeMs int64) error) error {
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
