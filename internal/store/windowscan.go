package store

import (
	"bytes"
	"fmt"
	"math"

	"github.com/millrace-io/millrace/state"
)

// find leaps from time to time:
//
//	0:00 a | 0:00 b | 0:00 c | 0:01 a | 0:01 c | 0:02 b | 0:02 c
//	         b, hit           ^ b of 0:01: none    b, hit
//
// Each leap goes to the key's row at a time, or to the one behind it on the way:
// if that is of the same time, the key has no row there.
func (s *Window[K, V]) find(key K, fromMs, toMs int64, backward bool) (all []Found[K, V], err error) {
	s.ops.Range++
	if err := s.know(); err != nil {
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
				v, timeMs, err := s.rows.read(r)
				if err != nil {
					return false, err
				}
				all = append(all, Found[K, V]{state.Windowed[K]{Key: key, Start: w.StartMs, End: s.end(w.StartMs)}, v, timeMs})
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

// Since yields the windows that begin at fromMs or later, with the event times
// of the writes, and returns the error that ended it early. It also yields what
// has expired and was not swept yet, no freeze having come since: an operator
// that sends on windows when they end wants those that the stream time has leapt
// over.
func (s *Window[K, V]) Since(fromMs int64, yield func(w state.Windowed[K], v V, timeMs int64) bool) error {
	s.ops.All++
	if err := s.know(); err != nil {
		return err
	}
	return s.walk(nil, fromMs, math.MaxInt64, false, yield)
}

// list is that of windowReads.
func (s *Window[K, V]) list(bounds *[2]K, fromMs, toMs int64, backward bool, yield func(w state.Windowed[K], v V, timeMs int64) bool) error {
	s.ops.All++
	if err := s.know(); err != nil {
		return err
	}
	keys, err := s.spanOf(bounds)
	if err != nil {
		return err
	}
	return s.walk(keys, max(fromMs, s.oldest()), toMs, backward, yield)
}

// walk yields the windows of some encoded keys that begin from fromMs to toMs,
// expired or not.
func (s *Window[K, V]) walk(keys *span, fromMs, toMs int64, backward bool, yield func(w state.Windowed[K], v V, timeMs int64) bool) error {
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
		if !keys.has(w.Key) {
			return true, nil
		}
		k, err := s.decodeKey(w.Key)
		if err != nil {
			return false, err
		}
		v, timeMs, err := s.rows.read(r)
		return err == nil && yield(state.Windowed[K]{Key: k, Start: w.StartMs, End: s.end(w.StartMs)}, v, timeMs), err
	})
}

func (s *Window[K, V]) cut(key []byte) (w state.WindowRow, err error) {
	if err = w.DecodeKey(key); err != nil {
		err = fmt.Errorf("store %s: %w", s.name, err)
	}
	return w, err
}
