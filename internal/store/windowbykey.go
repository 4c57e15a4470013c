package store

import (
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// WindowRows is a window store of one task in either layout: Window, which has
// time in front, or WindowByKey.
type WindowRows[K, V any] interface {
	state.Window[K, V]
	// AllWithTime is All with the event times of the writes in milliseconds. It
	// returns the error that ended it early.
	AllWithTime(yield func(w state.Windowed[K], v V, timeMs int64) bool) error
	// Since yields the windows that begin at fromMs or later, with the event
	// times of the writes, and returns the error that ended it early: also what
	// has expired within the transaction. yield must not write to the store.
	Since(fromMs int64, yield func(w state.Windowed[K], v V, timeMs int64) bool) error
	// GetStill is GetWithTime that also finds what has expired and was not swept
	// yet, no freeze having come since.
	GetStill(key K, startMs int64) (v V, timeMs int64, ok bool, err error)
	// Oldest is the start from which on windows are live.
	Oldest() (startMs int64, err error)
}

// WindowByKey is a Window for windows that begin at any time, such as sliding
// ones. What it costs to look for those of a key does not depend on how many
// other keys there are, nor on when their windows begin; what has expired stays
// a little longer, up to the length of a segment.
type WindowByKey[K, V any] struct {
	segmented[K, V]
	windowReads[K, V]
	end func(startMs int64) int64
}

// NewWindowByKey makes the view of base, with nothing in it yet. It takes Name,
// Now, End and Retention of o, and as Format state.WindowsByKey or that with an
// index.
func NewWindowByKey[K, V any](base state.Store, ks serde.Serde[K], vs serde.Serde[V], o Options) *WindowByKey[K, V] {
	s := &WindowByKey[K, V]{segmented: newSegmented(base, ks, vs, o), end: o.End}
	s.windowReads = windowReads[K, V]{search: s.searchKey, list: s.gather}
	return s
}

// Get implements state.Window.
func (s *WindowByKey[K, V]) Get(key K, startMs int64) (v V, ok bool, err error) {
	v, _, ok, err = s.get(key, startMs, 0)
	return v, ok, err
}

// GetWithTime implements state.Window.
func (s *WindowByKey[K, V]) GetWithTime(key K, startMs int64) (v V, timeMs int64, ok bool, err error) {
	return s.get(key, startMs, 0)
}

// GetStill implements WindowRows.
func (s *WindowByKey[K, V]) GetStill(key K, startMs int64) (v V, timeMs int64, ok bool, err error) {
	return s.getStill(key, startMs, 0)
}

// Put implements state.Window.
func (s *WindowByKey[K, V]) Put(key K, v V, startMs int64) (stored bool, err error) {
	return s.put(key, v, startMs, 0, *s.rows.now, false)
}

// PutWithTime implements state.Window.
func (s *WindowByKey[K, V]) PutWithTime(key K, v V, startMs, timeMs int64) (stored bool, err error) {
	return s.put(key, v, startMs, 0, timeMs, false)
}

// Delete implements state.Window.
func (s *WindowByKey[K, V]) Delete(key K, startMs int64) error {
	return s.remove(key, startMs, 0, false)
}

func (s *WindowByKey[K, V]) window(key K, startMs int64) state.Windowed[K] {
	return state.Windowed[K]{Key: key, Start: startMs, End: s.end(startMs)}
}
