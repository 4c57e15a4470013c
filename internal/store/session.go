package store

import (
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// Session is the transactional view of one session store of one task. Its
// methods are those of state.Session, for operators, and those that the task
// calls around records and commits. It belongs to one goroutine.
type Session[K, V any] struct {
	segmented[K, V]
}

// NewSession makes the view of base, with nothing in it yet. It takes Name, Now
// and Retention of o, and as Format state.Sessions or that with an index.
func NewSession[K, V any](base state.Store, ks serde.Serde[K], vs serde.Serde[V], o Options) *Session[K, V] {
	return &Session[K, V]{newSegmented(base, ks, vs, state.Plain, o)}
}

// Get implements state.Session.
func (s *Session[K, V]) Get(key K, startMs, endMs int64) (v V, ok bool, err error) {
	v, _, ok, err = s.get(key, endMs, startMs)
	return v, ok, err
}

// Put implements state.Session.
func (s *Session[K, V]) Put(key K, v V, startMs, endMs int64) (stored bool, err error) {
	return s.put(key, v, endMs, startMs, *s.rows.now, false)
}

// Delete implements state.Session.
func (s *Session[K, V]) Delete(key K, startMs, endMs int64) error {
	return s.remove(key, endMs, startMs, false)
}

// Add is Put for a session of which Find has just shown that there is none. If
// it is removed within the transaction, the changelog does not hear of it.
func (s *Session[K, V]) Add(w state.Windowed[K], v V) (stored bool, err error) {
	return s.put(w.Key, v, w.End, w.Start, *s.rows.now, true)
}

// Remove is Delete for a session that Find has just shown.
func (s *Session[K, V]) Remove(w state.Windowed[K]) error {
	return s.remove(w.Key, w.End, w.Start, true)
}
