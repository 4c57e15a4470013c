package store

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/millrace-io/millrace/state"
)

// Times calls visit for each window of key that begins from fromMs to toMs,
// both included, with the event time of its write, until it returns false. The
// earliest window comes first, or the latest, if backward. visit must not write
// to the store.
func (s *WindowByKey[K, V]) Times(key K, fromMs, toMs int64, backward bool, visit func(startMs, timeMs int64) (more bool)) error {
	s.ops.Range++
	return s.find(key, fromMs, toMs, backward, func(startMs, _ int64, r row[V]) (bool, error) {
		timeMs, err := s.time(r)
		return err == nil && visit(startMs, timeMs), err
	})
}

// time is the event time of a row in a scan.
func (s *WindowByKey[K, V]) time(r row[V]) (ms int64, err error) {
	if r.pinned != nil {
		return r.pinned.time, nil
	}
	ms, _, err = s.rows.split(r.stored)
	return ms, err
}

// Range implements state.Window. It costs a look-up for each of the few segments
// of time that the span touches.
func (s *WindowByKey[K, V]) Range(key K, fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return s.ranging(key, fromMs, toMs, false)
}

// RangeBackward implements state.Window.
func (s *WindowByKey[K, V]) RangeBackward(key K, fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return s.ranging(key, fromMs, toMs, true)
}

func (s *WindowByKey[K, V]) ranging(key K, fromMs, toMs int64, backward bool) iter.Seq2[state.Windowed[K], V] {
	return func(yield func(state.Windowed[K], V) bool) {
		s.ops.Range++
		var all []found[K, V]
		err := s.find(key, fromMs, toMs, backward, func(startMs, _ int64, r row[V]) (bool, error) {
			v, _, err := s.value(r)
			if err == nil {
				all = append(all, found[K, V]{s.window(key, startMs), v})
			}
			return true, err
		})
		for _, f := range all {
			if !yield(f.at, f.value) {
				break
			}
		}
		s.scanErr = err
	}
}

// Between implements state.Window.
func (s *WindowByKey[K, V]) Between(fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return s.listing(nil, fromMs, toMs, false)
}

// BetweenBackward implements state.Window.
func (s *WindowByKey[K, V]) BetweenBackward(fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return s.listing(nil, fromMs, toMs, true)
}

// KeyRange implements state.Window.
func (s *WindowByKey[K, V]) KeyRange(from, to K, fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return s.listing(&[2]K{from, to}, fromMs, toMs, false)
}

// KeyRangeBackward implements state.Window.
func (s *WindowByKey[K, V]) KeyRangeBackward(from, to K, fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return s.listing(&[2]K{from, to}, fromMs, toMs, true)
}

// All implements state.Window.
func (s *WindowByKey[K, V]) All() iter.Seq2[state.Windowed[K], V] {
	return s.listing(nil, math.MinInt64, math.MaxInt64, false)
}

func (s *WindowByKey[K, V]) listing(keys *[2]K, fromMs, toMs int64, backward bool) iter.Seq2[state.Windowed[K], V] {
	return func(yield func(state.Windowed[K], V) bool) {
		s.scanErr = s.list(keys, fromMs, toMs, backward, func(w state.Windowed[K], v V, _ int64) bool { return yield(w, v) })
	}
}

// AllWithTime implements WindowRows.
func (s *WindowByKey[K, V]) AllWithTime(yield func(w state.Windowed[K], v V, timeMs int64) bool) error {
	return s.list(nil, math.MinInt64, math.MaxInt64, false, yield)
}

// Since implements WindowRows: with an index, by a scan that ends with the loop.
func (s *WindowByKey[K, V]) Since(fromMs int64, yield func(w state.Windowed[K], v V, timeMs int64) bool) error {
	if s.ends == nil {
		return s.list(nil, fromMs, math.MaxInt64, false, yield)
	}
	s.ops.All++
	if err := s.know(); err != nil {
		return err
	}
	return s.byTime(fromMs, math.MaxInt64, func(at state.SegmentRow) (bool, error) {
		s.key = s.layout.AppendKey(s.key[:0], at)
		v, timeMs, ok, err := s.rows.GetWithTime(s.key)
		if err != nil {
			return false, err
		}
		if !ok {
			return false, fmt.Errorf("store %s: the index has a window that is not there: the state is damaged; delete it, its changelog brings it back", s.name)
		}
		key, err := s.decodeKey(at.Key)
		return err == nil && yield(s.window(key, at.TimeMs), v, timeMs), err
	})
}

// list yields the windows of the keys from the first one on and before the
// second one, or of all, that begin from fromMs to toMs. Rows do not lie in the
// order of time: it gathers them first.
func (s *WindowByKey[K, V]) list(keys *[2]K, fromMs, toMs int64, backward bool, yield func(w state.Windowed[K], v V, timeMs int64) bool) error {
	s.ops.All++
	var bounds [2][]byte // of the encoded keys
	if keys != nil {
		for i, key := range keys {
			b, err := s.ks.Append([]byte{}, key)
			if err != nil {
				return fmt.Errorf("store %s: encode key: %w", s.name, err)
			}
			bounds[i] = b
		}
	}
	type listed struct {
		raw    []byte
		at     state.Windowed[K]
		value  V
		timeMs int64
	}
	var all []listed
	err := s.all(func(at state.SegmentRow, key K, r row[V]) (bool, error) {
		switch {
		case at.TimeMs < fromMs || at.TimeMs > toMs:
			return true, nil
		case keys != nil && (bytes.Compare(at.Key, bounds[0]) < 0 || bytes.Compare(at.Key, bounds[1]) >= 0):
			return true, nil
		}
		v, timeMs, err := s.value(r)
		all = append(all, listed{bytes.Clone(at.Key), s.window(key, at.TimeMs), v, timeMs})
		return true, err
	})
	slices.SortFunc(all, func(a, b listed) int {
		return cmp.Or(cmp.Compare(a.at.Start, b.at.Start), bytes.Compare(a.raw, b.raw))
	})
	if backward {
		slices.Reverse(all)
	}
	for _, l := range all {
		if !yield(l.at, l.value, l.timeMs) {
			break
		}
	}
	return err
}
