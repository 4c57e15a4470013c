package store

import (
	"bytes"
	"fmt"
	"iter"

	"github.com/millrace-io/millrace/state"
)

// Range implements state.Window.
func (s *Window[K, V]) Range(key K, fromMs, toMs int64) iter.Seq2[state.Windowed[K], V] {
	return func(yield func(state.Windowed[K], V) bool) {
		s.ops.Range++
		found, err := s.find(key, fromMs, toMs)
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
func (s *Window[K, V]) find(key K, fromMs, toMs int64) (all []found[K, V], err error) {
	if err := s.learn(); err != nil {
		return nil, err
	}
	fromMs, toMs = max(fromMs, s.oldest()), min(toMs, s.streamTime)
	for at := fromMs; at <= toMs; {
		if _, err := s.begin(key, at); err != nil {
			return all, err
		}
		from := bytes.Clone(s.key)
		raw := from[len(state.WindowRow{}.AppendKey(nil)):]
		to := append(state.WindowRow{Key: raw, StartMs: toMs}.AppendKey(nil), 0) // behind the last one
		next, more := at, false
		err := s.rows.merge(from, to, func(r row[V]) (bool, error) {
			w, err := s.cut(r.key)
			if err != nil {
				return false, err
			}
			next, more = w.StartMs, true
			switch c := bytes.Compare(w.Key, raw); {
			case c < 0:
				return false, nil
			case c == 0:
				v, err := s.value(r)
				if err != nil {
					return false, err
				}
				all = append(all, found[K, V]{state.WindowOf(key, w.StartMs, s.o.Size), v})
			}
			if more = next < toMs; more {
				next++
			}
			return false, nil
		})
		if err != nil || !more {
			return all, err
		}
		at = next
	}
	return all, nil
}

// All implements state.Window.
func (s *Window[K, V]) All() iter.Seq2[state.Windowed[K], V] {
	return func(yield func(state.Windowed[K], V) bool) {
		s.scanErr = s.AllWithTime(func(w state.Windowed[K], v V, _ int64) bool { return yield(w, v) })
	}
}

// AllWithTime is All with the event times of the writes in milliseconds. It
// returns the error that ended it early.
func (s *Window[K, V]) AllWithTime(yield func(w state.Windowed[K], v V, timeMs int64) bool) error {
	s.ops.All++
	if err := s.learn(); err != nil {
		return err
	}
	from := state.WindowRow{StartMs: s.oldest()}.AppendKey(nil)
	return s.rows.merge(from, nil, func(r row[V]) (more bool, err error) {
		w, err := s.cut(r.key)
		if err != nil {
			return false, err
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
		return yield(state.WindowOf(k, w.StartMs, s.o.Size), v, timeMs), nil
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
