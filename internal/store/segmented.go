package store

import (
	"fmt"
	"math"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// segmented is the transactional view of a store whose rows are looked for by
// key within a span of time: what the views of session stores, and of others
// with state.Segments, have in common.
//
// It is a KeyValue with those rows, and another one with the rows of the index
// if the format has it. Both are over the same base and written together.
type segmented[K, V any] struct {
	keys[K]
	rows   *KeyValue[[]byte, V]
	ends   *KeyValue[[]byte, nothing] // the index, or nil
	layout state.Segments
	lifetime

	adopted bool   // all rows of the base have the layout
	swept   uint64 // no segment before that is in the base, if clean
	clean   bool

	ops          state.Operations
	raw, lo, hi  []byte // scratch: the encoded key at hand, and bounds
	key, escaped []byte // scratch: of a row; of what DecodeKey unescapes
}

// nothing is the value of a row in the index.
type nothing struct{}

type nothingSerde struct{}

func (nothingSerde) Append(dst []byte, _ nothing) ([]byte, error) { return dst, nil }
func (nothingSerde) Decode([]byte) (nothing, error)               { return nothing{}, nil }

// newSegmented makes the view of base, with nothing in it yet. It takes Name,
// Now, Format and Retention of o.
func newSegmented[K, V any](base state.Store, ks serde.Serde[K], vs serde.Serde[V], o Options) segmented[K, V] {
	s := segmented[K, V]{
		rows: NewKeyValue(base, rowKeys{}, vs, Options{Name: o.Name, Format: state.Timestamped, Now: o.Now}),
		keys: keys[K]{o.Name, ks}, layout: o.Format.Segments(o.Retention),
		lifetime: lifetime{format: o.Format, retentionMs: o.Retention.Milliseconds()},
	}
	if s.layout.ByTime() {
		s.ends = NewKeyValue(base, rowKeys{}, nothingSerde{}, Options{Name: o.Name, Format: state.Plain})
	}
	s.forget()
	return s
}

// Clock points the view at the event time of the current record.
func (s *segmented[K, V]) Clock(now *int64) { s.rows.Clock(now) }

// Operations returns how often each operation was called. Searches count as
// Range.
func (s *segmented[K, V]) Operations() state.Operations { return s.ops }

// begin gets the stream time and the bytes of a key ready.
func (s *segmented[K, V]) begin(key K) (err error) {
	if err := s.know(); err != nil {
		return err
	}
	s.raw, err = s.appendKey(s.raw[:0], key)
	return err
}

// know gets the stream time ready, and before that the rows that have another
// layout.
func (s *segmented[K, V]) know() error {
	if !s.adopted {
		if err := s.layout.Adopt(s.rows.base); err != nil {
			return fmt.Errorf("store %s: %w", s.name, err)
		}
		s.adopted = true
	}
	return s.learn(s.name, s.rows.base)
}

// at is the row of the key at hand and the given times, whose own key is then in
// s.key.
func (s *segmented[K, V]) at(timeMs, fromMs int64) state.SegmentRow {
	r := state.SegmentRow{Key: s.raw, TimeMs: timeMs, FromMs: fromMs}
	s.key = s.layout.AppendKey(s.key[:0], r)
	return r
}

// get returns a row; see KeyValue.GetWithTime.
func (s *segmented[K, V]) get(key K, timeMs, fromMs int64) (v V, recordMs int64, ok bool, err error) {
	s.ops.Get++
	if err := s.begin(key); err != nil || timeMs < s.oldest() {
		return v, 0, false, err
	}
	s.at(timeMs, fromMs)
	return s.rows.GetWithTime(s.key)
}

// getStill is get that also finds what has expired and was not swept yet.
func (s *segmented[K, V]) getStill(key K, timeMs, fromMs int64) (v V, recordMs int64, ok bool, err error) {
	s.ops.Get++
	if err := s.begin(key); err != nil {
		return v, 0, false, err
	}
	s.at(timeMs, fromMs)
	return s.rows.GetWithTime(s.key)
}

// Oldest is the time from which on rows are live.
func (s *segmented[K, V]) Oldest() (ms int64, err error) {
	err = s.know()
	return s.oldest(), err
}

// put stores a row, unless it has expired; see KeyValue.PutWithTime. fresh says
// that there is none: whatever else is not known of it, a deletion within the
// transaction leaves no trace.
func (s *segmented[K, V]) put(key K, v V, timeMs, fromMs, recordMs int64, fresh bool) (stored bool, err error) {
	s.ops.Put++
	if err := s.begin(key); err != nil || timeMs < s.oldest() {
		return false, err
	}
	r := s.at(timeMs, fromMs)
	fresh = fresh && s.rows.entries.find(s.key) == nil
	if err := s.rows.PutWithTime(s.key, v, recordMs); err != nil {
		return false, err
	}
	if fresh {
		s.rows.find().base = absent
	}
	s.index(r, true, recordMs)
	s.streamTime = max(s.streamTime, timeMs)
	return true, nil
}

// remove deletes a row that has not expired. Unless it is known to be there, it
// is read first: the changelog should not hear of what has never been, which
// would bring its stream time on.
func (s *segmented[K, V]) remove(key K, timeMs, fromMs int64, known bool) error {
	s.ops.Delete++
	if err := s.begin(key); err != nil || timeMs < s.oldest() {
		return err
	}
	r := s.at(timeMs, fromMs)
	if !known {
		if _, ok, err := s.rows.Get(s.key); err != nil || !ok {
			return err
		}
	}
	if err := s.rows.Delete(s.key); err != nil {
		return err
	}
	s.index(r, false, *s.rows.now)
	return nil
}

// index does to the index what was just done to a row. They have always been
// written together: what is known of one is known of the other.
func (s *segmented[K, V]) index(r state.SegmentRow, present bool, recordMs int64) {
	if s.ends == nil {
		return
	}
	below := s.rows.find().base
	s.ends.key = s.layout.AppendIndex(s.ends.key[:0], r)
	e := s.ends.find()
	if e != nil && e.present == present || e == nil && present && below == there {
		return
	}
	s.ends.write(e, content[nothing]{time: recordMs, present: present})
	if e == nil {
		s.ends.find().base = below
	}
}

// find calls visit for each live row of a key from fromMs to toMs, both
// included, in the order of their times, until it returns false. visit must not
// write to the store.
func (s *segmented[K, V]) find(key K, fromMs, toMs int64, reverse bool, visit func(timeMs, fromMs int64, r row[V]) (more bool, err error)) error {
	if err := s.begin(key); err != nil {
		return err
	}
	fromMs, toMs = max(fromMs, s.oldest()), min(toMs, s.streamTime)
	if fromMs > toMs {
		return nil
	}
	lo, hi := s.lo, s.hi
	s.lo, s.hi = nil, nil // visit may search as well
	defer func() { s.lo, s.hi = lo, hi }()

	first, last := s.layout.Segment(fromMs), s.layout.Segment(toMs)
	more := true
	for n := uint64(0); more && n <= last-first; n++ {
		if n >= nearSegments { // there may be any number of empty ones
			skipped, ok, err := s.empty(first, last, n, reverse)
			if !ok || err != nil {
				return err
			}
			n += skipped
		}
		segment := first + n
		if reverse {
			segment = last - n
		}
		prefix := state.VersionRow{Key: s.raw}.AppendPrefix(s.layout.AppendSegment(lo[:0], segment))
		hi = append(hi[:0], prefix...)
		lo = s.layout.AppendTimes(prefix, fromMs, math.MinInt64)
		hi = append(s.layout.AppendTimes(hi, toMs, math.MaxInt64), 0) // behind the last one
		err := s.rows.overlay(lo, hi, reverse, func(r row[V]) (bool, error) {
			timeMs, fromMs, err := s.layout.CutTimes(r.key)
			if err != nil {
				return false, fmt.Errorf("store %s: %w", s.name, err)
			}
			more, err = visit(timeMs, fromMs, r)
			return more, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// nearSegments is in how many segments a search looks before it asks which of the
// others have rows at all: those of one search are few, mostly.
const nearSegments = 8

// empty is how many segments from the n-th one on have no row, of any key; ok is
// false if none of the rest has. Records far ahead of the others may leave more
// of them behind than anyone could look into.
func (s *segmented[K, V]) empty(first, last, n uint64, reverse bool) (skipped uint64, ok bool, err error) {
	from, to := first+n, last
	if reverse {
		from, to = first, last-n
	}
	hi := s.layout.Last()
	if to < math.MaxUint64 {
		hi = s.layout.AppendSegment(nil, to+1)
	}
	var escaped []byte // not that of s: this may be within a search of others
	err = s.rows.overlay(s.layout.AppendSegment(nil, from), hi, reverse, func(r row[V]) (bool, error) {
		at, err := s.layout.DecodeKey(r.key, &escaped)
		if err != nil {
			return false, fmt.Errorf("store %s: %w", s.name, err)
		}
		if skipped, ok = s.layout.Segment(at.TimeMs)-from, true; reverse {
			skipped = to - s.layout.Segment(at.TimeMs)
		}
		return false, nil
	})
	return skipped, ok, err
}

// all calls visit for each live row, by segment, key and time, until it returns
// false.
func (s *segmented[K, V]) all(visit func(at state.SegmentRow, key K, r row[V]) (more bool, err error)) error {
	if err := s.know(); err != nil {
		return err
	}
	oldest := s.oldest()
	from := s.layout.AppendSegment(nil, s.layout.Segment(oldest))
	return s.rows.overlay(from, s.layout.Last(), false, func(r row[V]) (bool, error) {
		s.escaped = s.escaped[:0]
		at, err := s.layout.DecodeKey(r.key, &s.escaped)
		if err != nil {
			return false, fmt.Errorf("store %s: %w", s.name, err)
		}
		if at.TimeMs < oldest {
			return true, nil
		}
		key, err := s.decodeKey(at.Key)
		if err != nil {
			return false, err
		}
		return visit(at, key, r)
	})
}

// byTime calls visit for each row of the index from fromMs to toMs, both
// included, in the order of their times and then of the encoded keys, until it
// returns false: also for rows that have expired, as long as they are there.
// at.Key aliases memory of the scan.
func (s *segmented[K, V]) byTime(fromMs, toMs int64, visit func(at state.SegmentRow) (more bool, err error)) error {
	if err := s.know(); err != nil || fromMs > toMs {
		return err
	}
	lo := s.layout.AppendIndex(nil, state.SegmentRow{TimeMs: fromMs, FromMs: math.MinInt64})
	hi := s.layout.IndexEnd(toMs)
	return s.ends.overlay(lo, hi, false, func(r row[nothing]) (bool, error) {
		at, err := s.layout.DecodeIndex(r.key)
		if err != nil {
			return false, fmt.Errorf("store %s: %w", s.name, err)
		}
		return visit(at)
	})
}

// indexed is the row that the index has, with its key. A row that is not there is
// an error.
func (s *segmented[K, V]) indexed(at state.SegmentRow) (key K, v V, timeMs int64, err error) {
	s.key = s.layout.AppendKey(s.key[:0], at)
	v, timeMs, ok, err := s.rows.GetWithTime(s.key)
	switch {
	case err != nil:
		return key, v, 0, err
	case !ok:
		return key, v, 0, fmt.Errorf("store %s: the index has a row that is not there: the state is damaged; delete it, its changelog brings it back", s.name)
	}
	key, err = s.decodeKey(at.Key)
	return key, v, timeMs, err
}
