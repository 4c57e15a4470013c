package store

import (
	"math"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// Window is the transactional view of one window store of one task. Its methods
// are those of state.Window, for operators, and those that the task calls around
// records and commits. It belongs to one goroutine.
//
// It is a KeyValue with a row per key and window, in format state.Windows. That
// has time in front: what has expired is one range, which a freeze deletes as
// such, and a key in a window is one look-up.
type Window[K, V any] struct {
	keys[K]
	windowReads[K, V]
	inRows[V]
	end func(startMs int64) int64
	lifetime

	shelf *shelf

	swept  int64 // no window from before that is in the base; none if that is not known
	closed int64 // see Closed

	ops state.Operations
	key []byte // scratch: of a row
	row []byte // scratch: what the base has under it
}

// NewWindow makes the view of base, with nothing in it yet. It takes Name, Now,
// End and Retention of o.
func NewWindow[K, V any](base state.Store, ks serde.Serde[K], vs serde.Serde[V], o Options) *Window[K, V] {
	front := &shelf{Store: base, below: none}
	s := &Window[K, V]{
		keys: keys[K]{o.Name, ks}, end: o.End, shelf: front,
		inRows:   inRows[V]{NewKeyValue(front, rowKeys{}, vs, Options{Name: o.Name, Format: state.Timestamped, Now: o.Now})},
		lifetime: lifetime{format: state.Windows, retentionMs: o.Retention.Milliseconds()},
		swept:    none, closed: none,
	}
	s.windowReads = windowReads[K, V]{search: s.find, list: s.list}
	s.rows.evicted = s.shelve
	s.forget()
	return s
}

// Clock points the view at the event time of the current record.
func (s *Window[K, V]) Clock(now *int64) { s.rows.Clock(now) }

// Operations returns how often each operation was called.
func (s *Window[K, V]) Operations() state.Operations { return s.ops }

// Get implements state.Window.
func (s *Window[K, V]) Get(key K, startMs int64) (v V, ok bool, err error) {
	v, _, ok, err = s.GetWithTime(key, startMs)
	return v, ok, err
}

// GetWithTime implements state.Window.
func (s *Window[K, V]) GetWithTime(key K, startMs int64) (v V, timeMs int64, ok bool, err error) {
	s.ops.Get++
	if live, err := s.begin(key, startMs); err != nil || !live {
		return v, 0, false, err
	}
	return s.rows.GetWithTime(s.key)
}

// GetStill implements WindowRows.
func (s *Window[K, V]) GetStill(key K, startMs int64) (v V, timeMs int64, ok bool, err error) {
	s.ops.Get++
	if err := s.know(); err != nil {
		return v, 0, false, err
	}
	if err := s.encode(key, startMs); err != nil {
		return v, 0, false, err
	}
	return s.rows.GetWithTime(s.key)
}

// Oldest implements WindowRows.
func (s *Window[K, V]) Oldest() (startMs int64, err error) {
	err = s.know()
	return s.oldest(), err
}

// Put implements state.Window.
func (s *Window[K, V]) Put(key K, v V, startMs int64) (stored bool, err error) {
	return s.PutWithTime(key, v, startMs, *s.rows.now)
}

// PutWithTime implements state.Window.
func (s *Window[K, V]) PutWithTime(key K, v V, startMs, timeMs int64) (stored bool, err error) {
	s.ops.Put++
	if live, err := s.begin(key, startMs); err != nil || !live {
		return false, err
	}
	if err := s.rows.PutWithTime(s.key, v, timeMs); err != nil {
		return false, err
	}
	s.streamTime = max(s.streamTime, startMs)
	return true, nil
}

// Delete implements state.Window. It reads first: the changelog should not hear
// of windows that have never been, which would bring its stream time on.
func (s *Window[K, V]) Delete(key K, startMs int64) error {
	s.ops.Delete++
	if live, err := s.begin(key, startMs); err != nil || !live {
		return err
	}
	if _, ok, err := s.rows.Get(s.key); err != nil || !ok {
		return err
	}
	return s.rows.Delete(s.key)
}

// begin gets the stream time and the key of a row ready, and says whether the
// window is live.
func (s *Window[K, V]) begin(key K, startMs int64) (live bool, err error) {
	if err := s.know(); err != nil {
		return false, err
	}
	if startMs < s.oldest() {
		return false, nil
	}
	return true, s.encode(key, startMs)
}

// encode makes the key of a row.
func (s *Window[K, V]) encode(key K, startMs int64) (err error) {
	s.key, err = s.appendKey(state.WindowRow{StartMs: startMs}.AppendKey(s.key[:0]), key)
	return err
}

// know gets the stream time ready.
func (s *Window[K, V]) know() error {
	if s.known {
		return nil
	}
	err := s.learn(s.name, s.shelf.Store)
	s.shelf.drop(s.streamTime) // the base has no window behind that
	return err
}

// sweep appends the deletion of what has expired to b, if that is worth a range:
// each one is looked at by every read until it is compacted away.
func (s *Window[K, V]) sweep(b *state.Batch) {
	oldest := s.oldest()
	step := max(1, s.retentionMs/8)
	if oldest == math.MinInt64 || s.swept != none && oldest-s.swept < step {
		return
	}
	state.Windows.Expire(b, oldest)
	s.swept = oldest
}
