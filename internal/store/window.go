package store

import (
	"fmt"
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
	rows *KeyValue[[]byte, V]
	ks   serde.Serde[K]
	name string
	o    Options

	// The stream time, which the base has a row for: now, when the record
	// began, and as of the last freeze; none before the first window.
	known                      bool
	streamTime, marked, frozen int64

	// No window that begins after this is in the base: a new one need not be
	// looked for there.
	applied int64
	flights []flown

	watermark *int64 // that windows expire by, nil for none

	swept int64 // no window from before that is in the base; none if that is not known

	ops     state.Operations
	scanErr error
	key     []byte // scratch: of a row
}

// flown is the stream time of a batch that may not be in the base yet.
type flown struct {
	seq        uint64
	streamTime int64
}

// NewWindow makes the view of base, with nothing in it yet. It takes Name, Now,
// End and Retention of o.
func NewWindow[K, V any](base state.Store, ks serde.Serde[K], vs serde.Serde[V], o Options) *Window[K, V] {
	return &Window[K, V]{
		rows: NewKeyValue(base, rowKeys{}, vs, Options{Name: o.Name, Format: state.Timestamped, Now: o.Now}),
		ks:   ks, name: o.Name, o: o,
		streamTime: none, marked: none, frozen: none, swept: none,
	}
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
	return s.rows.lookUp(s.key, startMs <= s.applied)
}

// GetStill implements WindowRows.
func (s *Window[K, V]) GetStill(key K, startMs int64) (v V, timeMs int64, ok bool, err error) {
	s.ops.Get++
	if err := s.learn(); err != nil {
		return v, 0, false, err
	}
	if err := s.encode(key, startMs); err != nil {
		return v, 0, false, err
	}
	return s.rows.GetWithTime(s.key)
}

// Oldest implements WindowRows.
func (s *Window[K, V]) Oldest() (startMs int64, err error) {
	err = s.learn()
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
	if err := s.learn(); err != nil {
		return false, err
	}
	if startMs < s.oldest() {
		return false, nil
	}
	return true, s.encode(key, startMs)
}

// encode makes the key of a row.
func (s *Window[K, V]) encode(key K, startMs int64) error {
	// The key is encoded behind the room for the start, which is then filled.
	s.key = state.WindowRow{StartMs: startMs}.AppendKey(s.key[:0])
	b, err := s.ks.Append(s.key, key)
	if err != nil {
		return fmt.Errorf("store %s: encode key: %w", s.name, err)
	}
	if len(b) < len(s.key) {
		return fmt.Errorf("store %s: encode key: %T does not append to what it is given: return append(dst, ...)", s.name, s.ks)
	}
	s.key = b
	return nil
}

// learn reads the stream time, if it is not known.
func (s *Window[K, V]) learn() error {
	if s.known {
		return nil
	}
	ms, ok, err := state.Windows.StreamTime(s.rows.base)
	if err != nil {
		return fmt.Errorf("store %s: %w", s.name, err)
	}
	if !ok {
		ms = none
	}
	s.known, s.streamTime, s.marked, s.frozen, s.applied = true, ms, ms, ms, ms
	return nil
}

// Watermark has windows expire by the stream time at ms, and not by the highest
// start of those that were put.
func (s *Window[K, V]) Watermark(ms *int64) { s.watermark = ms }

// oldest is the start of the oldest window that can be live.
func (s *Window[K, V]) oldest() int64 {
	if s.o.Retention == 0 {
		return math.MinInt64
	}
	streamTime := s.streamTime
	if s.watermark != nil {
		streamTime = *s.watermark
	}
	return state.Windows.OldestWindow(streamTime, s.o.Retention.Milliseconds())
}

// sweep appends the deletion of what has expired to b, if that is worth a range:
// each one is looked at by every read until it is compacted away.
func (s *Window[K, V]) sweep(b *state.Batch) {
	oldest := s.oldest()
	step := max(1, s.o.Retention.Milliseconds()/8)
	if oldest == math.MinInt64 || s.swept != none && oldest-s.swept < step {
		return
	}
	state.Windows.Expire(b, oldest)
	s.swept = oldest
}
