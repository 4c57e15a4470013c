package store

import (
	"bytes"
	"iter"
	"math"
	"slices"

	"github.com/millrace-io/millrace/state"
)

// Find appends to dst what Range yields.
func (s *Session[K, V]) Find(dst []Found[K, V], key K, earliestEndMs, latestStartMs int64) ([]Found[K, V], error) {
	return s.search(dst, key, earliestEndMs, latestStartMs, false)
}

func (s *Session[K, V]) search(dst []Found[K, V], key K, earliestEndMs, latestStartMs int64, reverse bool) ([]Found[K, V], error) {
	s.ops.Range++
	err := s.find(key, earliestEndMs, math.MaxInt64, reverse, func(endMs, startMs int64, r row[V]) (bool, error) {
		if startMs > latestStartMs {
			return true, nil
		}
		v, timeMs, err := s.rows.read(r)
		if err == nil {
			dst = append(dst, Found[K, V]{state.Windowed[K]{Key: key, Start: startMs, End: endMs}, v, timeMs})
		}
		return true, err
	})
	return dst, err
}

// Range implements state.Session.
func (s *Session[K, V]) Range(key K, earliestEndMs, latestStartMs int64) iter.Seq2[state.Windowed[K], V] {
	return loop(&s.scanErr, func() ([]Found[K, V], error) { return s.search(nil, key, earliestEndMs, latestStartMs, false) })
}

// RangeBackward implements state.Session.
func (s *Session[K, V]) RangeBackward(key K, earliestEndMs, latestStartMs int64) iter.Seq2[state.Windowed[K], V] {
	return loop(&s.scanErr, func() ([]Found[K, V], error) { return s.search(nil, key, earliestEndMs, latestStartMs, true) })
}

// Between implements state.Session.
func (s *Session[K, V]) Between(fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return loop(&s.scanErr, func() ([]Found[K, V], error) { return s.Ending(fromMs, toMs) })
}

// BetweenBackward implements state.Session.
func (s *Session[K, V]) BetweenBackward(fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return loop(&s.scanErr, func() ([]Found[K, V], error) {
		all, err := s.Ending(fromMs, toMs)
		slices.Reverse(all)
		return all, err
	})
}

// All implements state.Session.
func (s *Session[K, V]) All() iter.Seq2[state.Windowed[K], V] {
	return s.Between(math.MinInt64, math.MaxInt64)
}

// ScanErr implements state.Session.
func (s *Session[K, V]) ScanErr() error { return s.scanErr }

// Ending are the live sessions that Between yields. Without an index it has to
// look at all.
func (s *Session[K, V]) Ending(fromMs, toMs int64) (found []Found[K, V], err error) {
	s.ops.All++
	if s.ends != nil {
		if err := s.know(); err != nil {
			return nil, err
		}
		_, err = s.Ended(max(fromMs, s.oldest()), toMs, func(f Found[K, V]) error {
			found = append(found, f)
			return nil
		})
		return found, err
	}
	type placed struct {
		place []byte // in the index that there is not
		Found[K, V]
	}
	var rows []placed
	err = s.all(func(at state.SegmentRow, key K, r row[V]) (bool, error) {
		if at.TimeMs < fromMs || at.TimeMs > toMs {
			return true, nil
		}
		v, timeMs, err := s.rows.read(r)
		if err == nil {
			rows = append(rows, placed{s.layout.AppendIndex(nil, at), Found[K, V]{session(key, at), v, timeMs}})
		}
		return true, err
	})
	slices.SortFunc(rows, func(a, b placed) int { return bytes.Compare(a.place, b.place) })
	for _, r := range rows {
		found = append(found, r.Found)
	}
	return found, err
}

// Ended calls visit for each session that ends from fromMs to toMs, in the order
// of Between: also for those that have expired within the transaction. It
// returns the end of the first one behind, math.MaxInt64 if there is none. The
// format has an index; visit must not write to the store.
func (s *Session[K, V]) Ended(fromMs, toMs int64, visit func(Found[K, V]) error) (next int64, err error) {
	next = math.MaxInt64
	err = s.byTime(fromMs, math.MaxInt64, func(at state.SegmentRow) (bool, error) {
		if at.TimeMs > toMs {
			next = at.TimeMs
			return false, nil
		}
		key, v, timeMs, err := s.indexed(at)
		if err != nil {
			return false, err
		}
		return true, visit(Found[K, V]{session(key, at), v, timeMs})
	})
	return next, err
}

// session is a key in the session of a row.
func session[K any](key K, at state.SegmentRow) state.Windowed[K] {
	return state.Windowed[K]{Key: key, Start: at.FromMs, End: at.TimeMs}
}
