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
	scanErr error
}

// NewSession makes the view of base, with nothing in it yet. It takes Name, Now
// and Retention of o, and as Format state.Sessions or that with an index.
func NewSession[K, V any](base state.Store, ks serde.Serde[K], vs serde.Serde[V], o Options) *Session[K, V] {
	return &Session[K, V]{segmented: newSegmented(base, ks, vs, o)}
}

// Get implements state.Session.
func (s *Session[K, V]) Get(key K, startMs, endMs int64) (v V, ok bool, err error) {
	v, _, ok, err = s.get(key, endMs, startMs)
	return v, ok, err
}

// GetWithTime implements state.Session.
func (s *Session[K, V]) GetWithTime(key K, startMs, endMs int64) (v V, timeMs int64, ok bool, err error) {
	return s.get(key, endMs, startMs)
}

// GetStill is GetWithTime that also finds what has expired and was not swept
// yet, no freeze having come since.
func (s *Session[K, V]) GetStill(key K, startMs, endMs int64) (v V, timeMs int64, ok bool, err error) {
	return s.getStill(key, endMs, startMs)
}

// Put implements state.Session.
func (s *Session[K, V]) Put(key K, v V, startMs, endMs int64) (stored bool, err error) {
	return s.put(key, v, endMs, startMs, *s.rows.now, false)
}

// Delete implements state.Session.
func (s *Session[K, V]) Delete(key K, startMs, endMs int64) error {
	return s.remove(key, endMs, startMs, false)
}

// Write is Put with the given event time. fresh says that a search has just
// shown that there is no such session: if it is removed within the transaction,
// the changelog does not hear of it.
func (s *Session[K, V]) Write(w state.Windowed[K], v V, timeMs int64, fresh bool) (stored bool, err error) {
	return s.put(w.Key, v, w.End, w.Start, timeMs, fresh)
}

// Remove is Delete for a session that a search has just shown.
func (s *Session[K, V]) Remove(w state.Windowed[K]) error {
	return s.remove(w.Key, w.End, w.Start, true)
}
