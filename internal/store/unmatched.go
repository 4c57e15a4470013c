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
// alone. Marks are taken out when their time has come, which differs by side, in
// the order of time, side and encoded key. It belongs to one goroutine.
//
// It is a KeyValue in format state.Plain with a row per mark, see mark.
type Unmatched[K any] struct {
	keys[K]
	inRows[nothing]

	// below is the latest time of which the base may have marks that no entry tells
	// of: that of the last one there when this view began, or of one that was
	// evicted. A mark of a later time that is not in memory is nowhere: many records
	// find a partner that was never marked, and the base is not asked for it.
	known bool
	below int64

	// No mark of a side is before first: what was taken lies there, deleted, and is
	// slow to pass over. marked is what it was when the record began.
	first, marked [markSides]int64

	ops      state.Operations
	raw, key []byte // scratch: the encoded key at hand; the key of a row
	due      [markSides]marks
}

// markSides is how many sides there are; they are numbered from 0.
const markSides = 2

// nowhere is what is known of marks at first: nothing.
var nowhere = [markSides]int64{math.MinInt64, math.MinInt64}

// marks are those of one scan, in order, that were not visited yet. Their keys lie
// in one slab.
type marks struct {
	list []mark // the rest of all
	all  []mark
	slab []byte
}

// NewUnmatched makes the view of base, with nothing in it yet. It takes Name and
// Now of o.
func NewUnmatched[K any](base state.Store, ks serde.Serde[K], o Options) *Unmatched[K] {
	s := &Unmatched[K]{
		inRows: inRows[nothing]{NewKeyValue(base, rowKeys{}, nothingSerde{}, Options{Name: o.Name, Format: state.Plain, Now: o.Now})},
		keys:   keys[K]{o.Name, ks}, first: nowhere, marked: nowhere,
	}
	s.rows.evicted = func(e *entry[nothing]) { s.below = max(s.below, timeOf(e.key)) }
	return s
}

// learn reads the times of the last marks of the base, if they are not known.
func (s *Unmatched[K]) learn() error {
	if s.known {
		return nil
	}
	s.below = math.MinInt64
	for side := range s.due {
		from, to := mark{side: byte(side), timeMs: math.MinInt64}, []byte(nil)
		if side+1 < markSides {
			to = mark{side: byte(side + 1), timeMs: math.MinInt64}.appendFrom(nil)
		}
		if err := s.last(s.rows.base.Scan(from.appendFrom(nil), to, true)); err != nil {
			return fmt.Errorf("store %s: %w", s.name, err)
		}
	}
	s.known = true
	return nil
}

// last takes in the time of the first mark of a scan.
func (s *Unmatched[K]) last(c state.Cursor) (err error) {
	defer closeInto(&err, c)
	if !c.Next() {
		return c.Err()
	}
	var m mark
	if err := m.decodeKey(c.Key(), new([]byte)); err != nil {
		return err
	}
	s.below = max(s.below, m.timeMs)
	return nil
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
	s.first[side] = min(s.first[side], timeMs)
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
	_, err := s.remove(timeMs)
	return err
}

// remove deletes the row whose key is in s.key, and says whether it was there.
func (s *Unmatched[K]) remove(timeMs int64) (was bool, err error) {
	if timeMs > s.below && s.rows.entries.find(s.key) == nil {
		return false, nil
	}
	if _, was, err = s.rows.Get(s.key); err != nil || !was {
		return false, err
	}
	return true, s.rows.Delete(s.key)
}

// encode makes s.key the row of a mark.
func (s *Unmatched[K]) encode(timeMs int64, side byte, key K, seq int32) (err error) {
	if err := s.learn(); err != nil {
		return err
	}
	if s.raw, err = s.appendKey(s.raw[:0], key); err != nil {
		return err
	}
	s.key = mark{timeMs, side, s.raw, seq}.appendKey(s.key[:0])
	return nil
}

// maxMarks bounds one scan, see maxPlaces.
const maxMarks = 512

// Take takes away the marks of records whose time is until[side] or before, one
// after the other in the order of time, side, encoded key and number, and calls
// visit for each. If there is none it costs next to nothing. visit may use stores,
// this one as well, but for Take.
func (s *Unmatched[K]) Take(until [markSides]int64, visit func(timeMs int64, side byte, key K, seq int32) error) error {
	if err := s.learn(); err != nil {
		return err
	}
	for side := range s.due {
		s.due[side].list = s.due[side].list[:0]
		until[side] = min(until[side], math.MaxInt64-1)
	}
	for {
		m, ok, err := s.next(until)
		if err != nil || !ok {
			return err
		}
		s.key = m.appendKey(s.key[:0])
		s.ops.Delete++
		was, err := s.remove(m.timeMs)
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
		if err := visit(m.timeMs, m.side, key, m.seq); err != nil {
			return err
		}
	}
}

// next takes the first mark out of s.due, which it fills where it is empty.
func (s *Unmatched[K]) next(until [markSides]int64) (m mark, ok bool, err error) {
	first := -1
	for side := range s.due {
		if len(s.due[side].list) == 0 && s.first[side] <= until[side] {
			if err := s.scan(byte(side), until[side]); err != nil {
				return m, false, err
			}
		}
		list := s.due[side].list
		if len(list) > 0 && (first < 0 || list[0].timeMs < s.due[first].list[0].timeMs) {
			first = side
		}
	}
	if first < 0 {
		return m, false, nil
	}
	m = s.due[first].list[0]
	s.due[first].list = s.due[first].list[1:]
	return m, true, nil
}

// scan fills s.due with the first marks of a side.
func (s *Unmatched[K]) scan(side byte, untilMs int64) error {
	s.ops.Range++
	due := &s.due[side]
	due.list, due.slab = due.all[:0], due.slab[:0]
	next := int64(math.MaxInt64)
	s.key = mark{timeMs: s.first[side], side: side}.appendFrom(s.key[:0])
	err := s.rows.merge(s.key, nil, func(r row[nothing]) (more bool, err error) {
		var m mark
		n := len(due.slab)
		if err := m.decodeKey(r.key, &due.slab); err != nil {
			return false, fmt.Errorf("store %s: %w", s.name, err)
		}
		if m.side != side {
			return false, nil
		}
		if m.timeMs > untilMs || len(due.list) == maxMarks {
			next = m.timeMs
			return false, nil
		}
		if len(due.slab) == n { // it aliases the row
			due.slab = append(due.slab, m.key...)
		}
		m.key = due.slab[n:len(due.slab):len(due.slab)]
		due.list = append(due.list, m)
		return true, nil
	})
	due.all, s.first[side] = due.list, next
	return err
}
