package store

import (
	"fmt"
	"math"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// Unmatched is the transactional view of one store of one task that holds marks:
// which records of two Records have not found a partner yet. A mark is the time
// of the record, its side, key and number, and no value: that is in the Records
// alone. Marks are taken out when their time has come, in the order of time, side
// and encoded key. It belongs to one goroutine.
//
// It is a KeyValue in format state.Plain with a row per mark, see mark.
type Unmatched[K any] struct {
	keys[K]
	rows *KeyValue[[]byte, nothing]

	// No mark is before first: what was taken lies there, deleted, and is slow to
	// pass over. marked is what it was when the record began.
	first, marked int64

	ops      state.Operations
	raw, key []byte // scratch: the encoded key at hand; the key of a row
	due      marks
}

// marks are those of one scan, in order. Their keys lie in one slab.
type marks struct {
	list []mark
	slab []byte
}

// NewUnmatched makes the view of base, with nothing in it yet. It takes Name and
// Now of o.
func NewUnmatched[K any](base state.Store, ks serde.Serde[K], o Options) *Unmatched[K] {
	return &Unmatched[K]{
		rows: NewKeyValue(base, rowKeys{}, nothingSerde{}, Options{Name: o.Name, Format: state.Plain, Now: o.Now}),
		keys: keys[K]{o.Name, ks}, first: math.MinInt64, marked: math.MinInt64,
	}
}

// Clock points the view at the event time of the current record.
func (s *Unmatched[K]) Clock(now *int64) { s.rows.Clock(now) }

// Operations returns how often each operation was called.
func (s *Unmatched[K]) Operations() state.Operations { return s.ops }

// Put marks a record, which has just been added to its Records: it was not
// marked before.
func (s *Unmatched[K]) Put(timeMs int64, side byte, key K, seq int32) error {
	s.ops.Put++
	if err := s.encode(timeMs, side, key, seq); err != nil {
		return err
	}
	s.first = min(s.first, timeMs)
	fresh := s.rows.entries.find(s.key) == nil
	if err := s.rows.PutWithTime(s.key, nothing{}, timeMs); err != nil {
		return err
	}
	if fresh {
		s.rows.find().base = absent
	}
	return nil
}

// Delete takes away the mark of a record, if it has one.
func (s *Unmatched[K]) Delete(timeMs int64, side byte, key K, seq int32) error {
	s.ops.Delete++
	if err := s.encode(timeMs, side, key, seq); err != nil {
		return err
	}
	_, err := s.remove()
	return err
}

// remove deletes the row whose key is in s.key, and says whether it was there.
func (s *Unmatched[K]) remove() (was bool, err error) {
	if _, was, err = s.rows.Get(s.key); err != nil || !was {
		return false, err
	}
	return true, s.rows.Delete(s.key)
}

func (s *Unmatched[K]) encode(timeMs int64, side byte, key K, seq int32) (err error) {
	if s.raw, err = s.appendKey(s.raw[:0], key); err != nil {
		return err
	}
	s.key = mark{timeMs, side, s.raw, seq}.appendKey(s.key[:0])
	return nil
}

// maxMarks bounds one scan, see maxPlaces.
const maxMarks = 512

// Take takes away the marks of records whose time is untilMs or before, one
// after the other in the order of time, side, encoded key and number, and calls
// visit for each, until that returns false. If there is none it costs next to
// nothing. visit may use stores, this one as well, but for Take.
func (s *Unmatched[K]) Take(untilMs int64, visit func(timeMs int64, side byte, key K, seq int32) (more bool, err error)) error {
	untilMs = min(untilMs, math.MaxInt64-1)
	for from := s.first; from <= untilMs; from = s.first {
		next, err := s.scan(from, untilMs)
		if err != nil {
			return err
		}
		s.first = next
		for _, m := range s.due.list {
			s.key = m.appendKey(s.key[:0])
			s.ops.Delete++
			was, err := s.remove()
			if err != nil {
				return err
			}
			if !was {
				continue // a visit has deleted it
			}
			key, err := s.decodeKey(m.key)
			if err != nil {
				return err
			}
			more, err := visit(m.timeMs, m.side, key, m.seq)
			if err != nil {
				return err
			}
			if !more {
				s.first = min(s.first, m.timeMs)
				return nil
			}
		}
	}
	return nil
}

// scan makes s.due the first marks from a time on, and returns a time before
// which there is no other.
func (s *Unmatched[K]) scan(from, untilMs int64) (next int64, err error) {
	s.ops.Range++
	s.due.list, s.due.slab = s.due.list[:0], s.due.slab[:0]
	next = math.MaxInt64
	s.key = mark{timeMs: from}.appendFrom(s.key[:0])
	err = s.rows.merge(s.key, nil, func(r row[nothing]) (more bool, err error) {
		var m mark
		n := len(s.due.slab)
		if err := m.decodeKey(r.key, &s.due.slab); err != nil {
			return false, fmt.Errorf("store %s: %w", s.name, err)
		}
		if m.timeMs > untilMs || len(s.due.list) == maxMarks {
			next = m.timeMs
			return false, nil
		}
		if len(s.due.slab) == n { // it aliases the row
			s.due.slab = append(s.due.slab, m.key...)
		}
		m.key = s.due.slab[n:len(s.due.slab):len(s.due.slab)]
		s.due.list = append(s.due.list, m)
		return true, nil
	})
	return next, err
}
