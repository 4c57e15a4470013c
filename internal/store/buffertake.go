package store

import (
	"fmt"
	"iter"
	"math"

	"github.com/millrace-io/millrace/state"
)

// places are those of one scan, in order. Their keys lie in one slab.
type places struct {
	list []place
	slab []byte
}

// place says that the entry of a key may be due at a time.
type place struct {
	at  int64
	key []byte // encoded
}

// maxPlaces bounds one scan. What is due then is visited before the next one,
// since a visit may take long and write, and no scan should be open meanwhile.
const maxPlaces = 512

// Take removes the entries whose time is untilMs or before, one after the other
// in the order of time and then of the encoded keys, and calls visit for each,
// until that returns false. If there is none it costs next to nothing. The last
// time there is never comes.
func (s *Buffer[K, V]) Take(untilMs int64, visit func(key K, v V, atMs int64) (more bool, err error)) error {
	untilMs = min(untilMs, math.MaxInt64-1)
	for from := s.first; from <= untilMs; from = s.first {
		next, err := s.collect(from, untilMs)
		if err != nil {
			return err
		}
		s.first = next
		for _, p := range s.due.list {
			more, err := s.take(p, visit)
			if err != nil {
				return err
			}
			if !more {
				s.first = min(s.first, p.at)
				return nil
			}
		}
	}
	return nil
}

// take removes the entry of a place and visits it.
func (s *Buffer[K, V]) take(p place, visit func(K, V, int64) (bool, error)) (more bool, err error) {
	s.key = state.BufferRow{Key: p.key}.AppendKey(s.key[:0])
	b, _, err := s.rows.Get(s.key)
	if err != nil {
		return false, err
	}
	s.ops.Delete++
	if err := s.remove(b); err != nil {
		return false, err
	}
	if err := s.deletePlace(p); err != nil {
		return false, err
	}
	key, err := s.decodeKey(p.key)
	if err != nil {
		return false, err
	}
	return visit(key, b.value, p.at)
}

// collect makes s.due the next entries that are due, none of which lies before
// from, and returns a time before which there is no other place.
func (s *Buffer[K, V]) collect(from, untilMs int64) (next int64, err error) {
	for moved := true; moved; {
		if next, err = s.scan(from, untilMs); err != nil {
			return 0, err
		}
		if moved, err = s.tidy(); err != nil {
			return 0, err
		}
	}
	return next, nil
}

// scan makes s.due the first places from a time on.
func (s *Buffer[K, V]) scan(from, untilMs int64) (next int64, err error) {
	s.ops.Range++
	s.due.list, s.due.slab = s.due.list[:0], s.due.slab[:0]
	next = math.MaxInt64
	s.place = state.BufferRow{TimeMs: from, Place: true}.AppendKey(s.place[:0])
	err = s.rows.merge(s.place, firstEntry, func(r row[buffered[V]]) (more bool, err error) {
		var p state.BufferRow
		if err := p.DecodeKey(r.key); err != nil {
			return false, fmt.Errorf("store %s: %w", s.name, err)
		}
		if p.TimeMs > untilMs || len(s.due.list) == maxPlaces {
			next = p.TimeMs
			return false, nil
		}
		n := len(s.due.slab)
		s.due.slab = append(s.due.slab, p.Key...)
		s.due.list = append(s.due.list, place{p.TimeMs, s.due.slab[n:len(s.due.slab):len(s.due.slab)]})
		return true, nil
	})
	return next, err
}

// tidy takes out of s.due, and deletes, the places at which no entry is: it has
// gone, or waits for another time. In the latter case it gets a place there, and
// tidy reports it: that may be among those of s.due.
func (s *Buffer[K, V]) tidy() (moved bool, err error) {
	kept := s.due.list[:0]
	for _, p := range s.due.list {
		s.key = state.BufferRow{Key: p.key}.AppendKey(s.key[:0])
		b, ok, err := s.rows.Get(s.key)
		if err != nil {
			return false, err
		}
		if ok && b.at == p.at {
			kept = append(kept, p)
			continue
		}
		if err := s.deletePlace(p); err != nil {
			return false, err
		}
		if ok && b.at > p.at { // else it has a place before
			moved = true
			if err := s.putPlace(p.key, b.at, *s.rows.now); err != nil {
				return false, err
			}
		}
	}
	s.due.list = kept
	return moved, nil
}

func (s *Buffer[K, V]) deletePlace(p place) error {
	s.place = state.BufferRow{Key: p.key, TimeMs: p.at, Place: true}.AppendKey(s.place[:0])
	return s.rows.Delete(s.place)
}

// All yields every entry in the order of the encoded keys, as they are when the
// loop begins.
func (s *Buffer[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		s.ops.All++
		s.scanErr = s.rows.merge(firstEntry, nil, func(r row[buffered[V]]) (more bool, err error) {
			k, err := s.decodeKey(r.key[1:])
			if err != nil {
				return false, err
			}
			b, _, err := s.rows.read(r)
			return err == nil && yield(k, b.value), err
		})
	}
}

// ScanErr is the error that ended the last All early, or nil.
func (s *Buffer[K, V]) ScanErr() error { return s.scanErr }
