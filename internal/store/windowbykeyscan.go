package store

import (
	"bytes"
	"cmp"
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
		timeMs, err := s.rows.writtenAt(r)
		return err == nil && visit(startMs, timeMs), err
	})
}

func (s *WindowByKey[K, V]) searchKey(key K, fromMs, toMs int64, backward bool) (all []Found[K, V], err error) {
	s.ops.Range++
	err = s.find(key, fromMs, toMs, backward, func(startMs, _ int64, r row[V]) (bool, error) {
		v, timeMs, err := s.rows.read(r)
		if err == nil {
			all = append(all, Found[K, V]{s.window(key, startMs), v, timeMs})
		}
		return true, err
	})
	return all, err
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
		key, v, timeMs, err := s.indexed(at)
		return err == nil && yield(s.window(key, at.TimeMs), v, timeMs), err
	})
}

// gather is list of windowReads. Rows do not lie in the order of time: it takes
// all of them first.
func (s *WindowByKey[K, V]) gather(bounds *[2]K, fromMs, toMs int64, backward bool, yield func(w state.Windowed[K], v V, timeMs int64) bool) error {
	s.ops.All++
	keys, err := s.spanOf(bounds)
	if err != nil {
		return err
	}
	type listed struct {
		raw []byte
		Found[K, V]
	}
	var all []listed
	err = s.all(func(at state.SegmentRow, key K, r row[V]) (bool, error) {
		if at.TimeMs < fromMs || at.TimeMs > toMs || !keys.has(at.Key) {
			return true, nil
		}
		v, timeMs, err := s.rows.read(r)
		all = append(all, listed{bytes.Clone(at.Key), Found[K, V]{s.window(key, at.TimeMs), v, timeMs}})
		return true, err
	})
	slices.SortFunc(all, func(a, b listed) int {
		return cmp.Or(cmp.Compare(a.At.Start, b.At.Start), bytes.Compare(a.raw, b.raw))
	})
	if backward {
		slices.Reverse(all)
	}
	for _, l := range all {
		if !yield(l.At, l.Value, l.TimeMs) {
			break
		}
	}
	return err
}
