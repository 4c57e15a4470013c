package store

import (
	"fmt"
	"math"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// Records is the transactional view of one store of one task that holds records
// as they came, any number of them with the same key and time: what a join of
// streams keeps of each side. It belongs to one goroutine.
type Records[K, V any] struct {
	keys[K]
	rows   *KeyValue[[]byte, V]
	layout state.Segments

	known          bool
	needed, marked int64 // from when on rows are needed
	newest         int64

	ops     state.Operations
	raw     []byte
	key     []byte
	scratch []byte
}

// NewRecords makes the view of base, with nothing in it yet. It takes Name and
// Retention of o.
func NewRecords[K, V any](base state.Store, ks serde.Serde[K], vs serde.Serde[V], o Options) *Records[K, V] {
	return &Records[K, V]{
		rows: NewKeyValue(base, rowKeys{}, vs, Options{Name: o.Name, Format: state.Plain, Now: o.Now}),
		keys: keys[K]{o.Name, ks}, layout: state.Records.Segments(o.Retention),
	}
}

// Clock points the view at the event time of the current record.
func (s *Records[K, V]) Clock(now *int64) { s.rows.Clock(now) }

// Operations returns how often each operation was called. Near counts as Range.
func (s *Records[K, V]) Operations() state.Operations { return s.ops }

func (s *Records[K, V]) begin(key K) (err error) {
	if err := s.learn(); err != nil {
		return err
	}
	s.raw, err = s.appendKey(s.raw[:0], key)
	return err
}

func (s *Records[K, V]) learn() error {
	if s.known {
		return nil
	}
	if err := s.layout.Adopt(s.rows.base); err != nil {
		return fmt.Errorf("store %s: %w", s.name, err)
	}
	ms, ok, err := state.Records.StreamTime(s.rows.base)
	if err != nil {
		return fmt.Errorf("store %s: %w", s.name, err)
	}
	if !ok {
		ms = math.MinInt64
	}
	s.known, s.needed, s.marked = true, ms, ms
	return nil
}

// Add stores v as one more record of key at a time. seq tells it from others of
// equal key and time; it is -1, and nothing is stored, if that time is not
// needed any more.
func (s *Records[K, V]) Add(key K, v V, timeMs int64) (seq int32, err error) {
	s.ops.Put++
	if err := s.begin(key); err != nil || timeMs < s.needed {
		return -1, err
	}
	raw := s.raw
	err = s.find(raw, timeMs, timeMs, func(_ int64, n int32, _ row[V]) (bool, error) {
		seq = n + 1
		return true, nil
	})
	if err != nil {
		return -1, err
	}
	s.key = s.layout.AppendKey(s.key[:0], state.SegmentRow{Key: raw, TimeMs: timeMs, FromMs: int64(seq)})
	return seq, s.rows.PutWithTime(s.key, v, timeMs)
}

// Get returns a record; ok is false if there is none.
func (s *Records[K, V]) Get(key K, timeMs int64, seq int32) (v V, ok bool, err error) {
	s.ops.Get++
	if err := s.begin(key); err != nil || timeMs < s.needed {
		return v, false, err
	}
	s.key = s.layout.AppendKey(s.key[:0], state.SegmentRow{Key: s.raw, TimeMs: timeMs, FromMs: int64(seq)})
	return s.rows.Get(s.key)
}

// Delete removes a record.
func (s *Records[K, V]) Delete(key K, timeMs int64, seq int32) error {
	s.ops.Delete++
	if err := s.begin(key); err != nil || timeMs < s.needed {
		return err
	}
	s.key = s.layout.AppendKey(s.key[:0], state.SegmentRow{Key: s.raw, TimeMs: timeMs, FromMs: int64(seq)})
	if _, ok, err := s.rows.Get(s.key); err != nil || !ok {
		return err
	}
	return s.rows.Delete(s.key)
}

// Near calls visit for each record of key from fromMs to toMs, both included,
// in the order of time and then of seq, until it returns false. visit may use
// stores, this one as well; it does not see what it adds here.
func (s *Records[K, V]) Near(key K, fromMs, toMs int64, visit func(timeMs int64, seq int32, v V) (more bool, err error)) error {
	s.ops.Range++
	if err := s.begin(key); err != nil {
		return err
	}
	raw := append([]byte(nil), s.raw...)
	return s.find(raw, max(fromMs, s.needed), toMs, func(timeMs int64, seq int32, r row[V]) (bool, error) {
		v, _, err := s.rows.read(r)
		if err != nil {
			return false, err
		}
		return visit(timeMs, seq, v)
	})
}

func (s *Records[K, V]) find(raw []byte, fromMs, toMs int64, visit func(timeMs int64, seq int32, r row[V]) (bool, error)) error {
	return s.rows.overlay(s.layout.First(), s.layout.Last(), false, func(r row[V]) (bool, error) {
		s.scratch = s.scratch[:0]
		at, err := s.layout.DecodeKey(r.key, &s.scratch)
		if err != nil {
			return false, fmt.Errorf("store %s: %w", s.name, err)
		}
		if string(at.Key) != string(raw) || at.TimeMs < fromMs || at.TimeMs > toMs {
			return true, nil
		}
		return visit(at.TimeMs, int32(at.FromMs), r)
	})
}

// Expire says that no record from before ms is needed any more: none is there
// from now on, and what they take goes soon. What was said before about later
// times stays true.
func (s *Records[K, V]) Expire(ms int64) error {
	err := s.learn()
	s.needed = max(s.needed, ms)
	return err
}
