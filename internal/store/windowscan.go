package store

import (
	"bytes"
	"fmt"
	"iter"
	"math"

	"github.com/millrace-io/millrace/state"
)

// Range implements state.Window.
func (s *Window[K, V]) Range(key K, fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return s.ranging(key, fromMs, toMs, false)
}

// RangeBackward implements state.Window.
func (s *Window[K, V]) RangeBackward(key K, fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return s.ranging(key, fromMs, toMs, true)
}

func (s *Window[K, V]) ranging(key K, fromMs, toMs int64, backward bool) iter.Seq2[state.Windowed[K], V] {
	return func(yield func(state.Windowed[K], V) bool) {
		s.ops.Range++
		found, err := s.find(key, fromMs, toMs, backward)
		for _, f := range found {
			if !yield(f.at, f.value) {
				break
			}
		}
		s.scanErr = err
	}
}

// found is a window of a key that Range yields.
type found[K, V any] struct {
	at    state.Windowed[K]
	value V
}

// find leaps from time to time:
//
//	0:00 a | 0:00 b | 0:00 c | 0:01 a | 0:01 c | 0:02 b | 0:02 c
//	         b, hit           ^ b of 0:01: none    b, hit
//
// Each leap goes to the key's row at a time, or to the one behind it on the way:
// if that is of the same time, the key has no row there.
func (s *Window[K, V]) find(key K, fromMs, toMs int64, backward bool) (all []found[K, V], err error) {
	if err := s.learn(); err != nil {
		return nil, err
	}
	fromMs, toMs = max(fromMs, s.oldest()), min(toMs, s.streamTime)
	for more := true; more && fromMs <= toMs; {
		at := fromMs
		if backward {
			at = toMs
		}
		if _, err := s.begin(key, at); err != nil {
			return all, err
		}
		own := bytes.Clone(s.key)
		raw, lo, hi := own[len(state.WindowRow{}.AppendKey(nil)):], own, append(own, 0)
		if backward {
			lo = state.WindowRow{StartMs: fromMs}.AppendKey(nil)
		} else {
			hi = append(state.WindowRow{Key: raw, StartMs: toMs}.AppendKey(nil), 0)
		}
		more = false
		err := s.rows.overlay(lo, hi, backward, func(r row[V]) (bool, error) {
			w, err := s.cut(r.key)
			if err != nil {
				return false, err
			}
			passed := bytes.Compare(w.Key, raw)
			if passed == 0 {
				v, err := s.value(r)
				if err != nil {
					return false, err
				}
				all = append(all, found[K, V]{state.Windowed[K]{Key: key, Start: w.StartMs, End: s.o.End(w.StartMs)}, v})
			}
			switch {
			case backward && passed > 0:
				toMs, more = w.StartMs, true
			case backward:
				toMs, more = w.StartMs-1, w.StartMs > math.MinInt64
			case passed < 0:
				fromMs, more = w.StartMs, true
			default:
				fromMs, more = w.StartMs+1, w.StartMs < math.MaxInt64
			}
			return false, nil
		})
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// Between implements state.Window.
func (s *Window[K, V]) Between(fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return s.listing(nil, fromMs, toMs, false)
}

// BetweenBackward implements state.Window.
func (s *Window[K, V]) BetweenBackward(fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return s.listing(nil, fromMs, toMs, true)
}

// KeyRange implements state.Window.
func (s *Window[K, V]) KeyRange(from, to K, fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return s.listing(&[2]K{from, to}, fromMs, toMs, false)
}

// KeyRangeBackward implements state.Window.
func (s *Window[K, V]) KeyRangeBackward(from, to K, fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return s.listing(&[2]K{from, to}, fromMs, toMs, true)
}

// All implements state.Window.
func (s *Window[K, V]) All() iter.Seq2[state.Windowed[K], V] {
	return s.listing(nil, math.MinInt64, math.MaxInt64, false)
}

func (s *Window[K, V]) listing(keys *[2]K, fromMs, toMs int64, backward bool) iter.Seq2[state.Windowed[K], V] {
	return func(yield func(state.Windowed[K], V) bool) {
		s.scanErr = s.list(keys, fromMs, toMs, backward, func(w state.Windowed[K], v V, _ int64) bool { return yield(w, v) })
	}
}

// AllWithTime is All with the event times of the writes in milliseconds. It
// returns the error that ended it early.
func (s *Window[K, V]) AllWithTime(yield func(w state.Windowed[K], v V, timeMs int64) bool) error {
	return s.list(nil, math.MinInt64, math.MaxInt64, false, yield)
}

// Since yields the windows that begin at fromMs or later, with the event times
// of the writes, and returns the error that ended it early. It also yields what
// has expired and was not swept yet, no freeze having come since: an operator
// that sends on windows when they end wants those that the stream time has leapt
// over.
func (s *Window[K, V]) Since(fromMs int64, yield func(w state.Windowed[K], v V, timeMs int64) bool) error {
	s.ops.All++
	if err := s.learn(); err != nil {
		return err
	}
	return s.walk(false, [2][]byte{}, fromMs, math.MaxInt64, false, yield)
}

// list yields the windows of the keys from the first one on and before the
// second one, or of all, that begin from fromMs to toMs.
func (s *Window[K, V]) list(keys *[2]K, fromMs, toMs int64, backward bool, yield func(w state.Windowed[K], v V, timeMs int64) bool) error {
	s.ops.All++
	if err := s.learn(); err != nil {
		return err
	}
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
	return s.walk(keys != nil, bounds, max(fromMs, s.oldest()), toMs, backward, yield)
}

// walk yields the windows of the encoded keys from the first one on and before
// the second one, or of all, that begin from fromMs to toMs, expired or not.
func (s *Window[K, V]) walk(some bool, keys [2][]byte, fromMs, toMs int64, backward bool, yield func(w state.Windowed[K], v V, timeMs int64) bool) error {
	if fromMs > toMs {
		return nil
	}
	from, to := state.WindowRow{StartMs: fromMs}.AppendKey(nil), []byte(nil)
	if toMs < math.MaxInt64 {
		to = state.WindowRow{StartMs: toMs + 1}.AppendKey(nil)
	}
	return s.rows.overlay(from, to, backward, func(r row[V]) (more bool, err error) {
		w, err := s.cut(r.key)
		if err != nil {
			return false, err
		}
		if some && (bytes.Compare(w.Key, keys[0]) < 0 || bytes.Compare(w.Key, keys[1]) >= 0) {
			return true, nil
		}
		k, err := s.ks.Decode(w.Key)
		if err != nil {
			return false, fmt.Errorf("store %s: decode key of %d bytes: %w", s.name, len(w.Key), err)
		}
		v, err := s.value(r)
		if err != nil {
			return false, err
		}
		timeMs, err := s.time(r)
		if err != nil {
			return false, err
		}
		return yield(state.Windowed[K]{Key: k, Start: w.StartMs, End: s.o.End(w.StartMs)}, v, timeMs), nil
	})
}

// ScanErr implements state.Window.
func (s *Window[K, V]) ScanErr() error { return s.scanErr }

// value is that of a row in a scan.
func (s *Window[K, V]) value(r row[V]) (V, error) {
	if r.pinned != nil {
		return s.rows.value(r.pinned)
	}
	return s.rows.decodeStored(r.stored)
}

// time is the event time of a row in a scan.
func (s *Window[K, V]) time(r row[V]) (ms int64, err error) {
	if r.pinned != nil {
		return r.pinned.time, nil
	}
	ms, _, err = s.rows.split(r.stored)
	return ms, err
}

func (s *Window[K, V]) cut(key []byte) (w state.WindowRow, err error) {
	if err = w.DecodeKey(key); err != nil {
		err = fmt.Errorf("store %s: %w", s.name, err)
	}
	return w, err
}
