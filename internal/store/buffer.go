package store

import (
	"fmt"
	"math"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// Buffer is the transactional view of one store of one task that holds entries
// until their time has come: an entry per key, taken out in the order of time
// and then of the encoded keys. It belongs to one goroutine.
//
// It is a KeyValue in format state.Buffers, with a row for each entry and one
// for its place in the order. A look-up is one of a key, and what is due is one
// short scan, however many entries wait.
type Buffer[K, V any] struct {
	keys[K]
	inRows[buffered[V]]
	vs serde.Serde[V]

	// No place is before first: what was taken lies there, deleted, and is slow
	// to pass over. marked is what it was when the record began.
	first, marked      int64
	tally, tallyMarked tally

	ops        state.Operations
	scanErr    error
	key, place []byte // scratch: of rows
	buf        []byte
	due        places
}

// buffered is what a row holds: of a place nothing.
type buffered[V any] struct {
	value V
	at    int64
	size  int // of the row's value, if that is known
	place bool
}

// tally is how many entries there are and the size of their rows, once that was
// asked for.
type tally struct {
	known   bool
	entries int
	bytes   int64
}

// NewBuffer makes the view of base, with nothing in it yet. It takes Name and
// Now of o.
func NewBuffer[K, V any](base state.Store, ks serde.Serde[K], vs serde.Serde[V], o Options) *Buffer[K, V] {
	return &Buffer[K, V]{
		inRows: inRows[buffered[V]]{NewKeyValue(base, rowKeys{}, bufferedSerde[V]{vs}, Options{Name: o.Name, Format: state.Buffers, Now: o.Now})},
		keys:   keys[K]{o.Name, ks}, vs: vs,
		first: math.MinInt64, marked: math.MinInt64,
	}
}

// Clock points the view at the event time of the current record.
func (s *Buffer[K, V]) Clock(now *int64) { s.rows.Clock(now) }

// Operations returns how often each operation was called.
func (s *Buffer[K, V]) Operations() state.Operations { return s.ops }

// Get returns the entry of key and the time that it waits for; ok is false if
// there is none.
func (s *Buffer[K, V]) Get(key K) (v V, atMs int64, ok bool, err error) {
	s.ops.Get++
	if err := s.encode(key); err != nil {
		return v, 0, false, err
	}
	b, ok, err := s.rows.Get(s.key)
	return b.value, b.at, ok, err
}

// Put makes v the entry of key, which waits for the given time from now on.
// timeMs is that of its changelog record.
func (s *Buffer[K, V]) Put(key K, v V, atMs, timeMs int64) error {
	s.ops.Put++
	if err := s.encode(key); err != nil {
		return err
	}
	old, had, err := s.rows.Get(s.key)
	if err != nil {
		return err
	}
	b := buffered[V]{value: v, at: atMs}
	if s.tally.known {
		if err := s.count(&b, old, had); err != nil {
			return err
		}
	}
	if err := s.rows.PutWithTime(s.key, b, timeMs); err != nil {
		return err
	}
	if had && old.at <= atMs {
		return nil // it has a place already, which will lead here
	}
	return s.putPlace(s.key[1:], atMs, timeMs)
}

// Delete removes the entry of key.
func (s *Buffer[K, V]) Delete(key K) error {
	s.ops.Delete++
	if err := s.encode(key); err != nil {
		return err
	}
	old, had, err := s.rows.Get(s.key)
	if err != nil || !had {
		return err
	}
	return s.remove(old)
}

// remove deletes the entry whose row has the key in s.key.
func (s *Buffer[K, V]) remove(old buffered[V]) error {
	if s.tally.known {
		if err := s.uncount(old); err != nil {
			return err
		}
	}
	return s.rows.Delete(s.key)
}

// Held is how many entries there are, and the size of their keys, values and
// times in bytes. The first call looks through all of them; the others cost
// nothing.
func (s *Buffer[K, V]) Held() (entries int, bytes int64, err error) {
	if !s.tally.known {
		s.tally = tally{known: true}
		err = s.rows.merge(firstEntry, nil, func(r row[buffered[V]]) (bool, error) {
			b, _, err := s.rows.read(r)
			if err == nil {
				s.tally.entries++
				b.size, err = s.sizeOf(b)
				s.tally.bytes += int64(len(r.key) - 1 + b.size)
			}
			return err == nil, err
		})
		s.tally.known = err == nil
	}
	return s.tally.entries, s.tally.bytes, err
}

// count takes b, which replaces old, into the tally. s.key is that of its row.
func (s *Buffer[K, V]) count(b *buffered[V], old buffered[V], had bool) (err error) {
	if had {
		if err := s.uncount(old); err != nil {
			return err
		}
	}
	b.size, err = s.sizeOf(*b)
	s.tally.entries++
	s.tally.bytes += int64(len(s.key) - 1 + b.size)
	return err
}

// uncount takes the entry of the key in s.key out of the tally.
func (s *Buffer[K, V]) uncount(b buffered[V]) error {
	size, err := s.sizeOf(b)
	s.tally.entries--
	s.tally.bytes -= int64(len(s.key) - 1 + size)
	return err
}

// sizeOf is the size of a row's value.
func (s *Buffer[K, V]) sizeOf(b buffered[V]) (int, error) {
	if b.size > 0 {
		return b.size, nil
	}
	raw, err := s.rows.appendValue(s.buf[:0], b)
	s.buf = raw
	return len(raw), err
}

// encode makes s.key the key of the entry of key.
func (s *Buffer[K, V]) encode(key K) (err error) {
	s.key, err = s.appendKey(state.BufferRow{}.AppendKey(s.key[:0]), key)
	return err
}

// putPlace gives an encoded key a place at a time.
func (s *Buffer[K, V]) putPlace(key []byte, atMs, timeMs int64) error {
	s.place = state.BufferRow{Key: key, TimeMs: atMs, Place: true}.AppendKey(s.place[:0])
	s.first = min(s.first, atMs)
	return s.rows.PutWithTime(s.place, buffered[V]{place: true}, timeMs)
}

// firstEntry is the key that separates places and entries.
var firstEntry = state.BufferRow{}.AppendKey(nil)

// bufferedSerde writes an entry as its value and its time, and a place as
// nothing.
type bufferedSerde[V any] struct{ vs serde.Serde[V] }

func (s bufferedSerde[V]) Append(dst []byte, b buffered[V]) ([]byte, error) {
	if b.place {
		return dst, nil
	}
	out, err := s.vs.Append(dst, b.value)
	if err != nil || len(out) < len(dst) {
		return out, err // the caller looks at the length as well
	}
	return state.BufferRow{TimeMs: b.at}.AppendTime(out), nil
}

func (s bufferedSerde[V]) Decode(raw []byte) (b buffered[V], err error) {
	if len(raw) == 0 {
		return buffered[V]{place: true}, nil
	}
	var r state.BufferRow
	value, ok := r.DecodeValue(raw)
	if !ok {
		return b, fmt.Errorf("an entry of %d bytes has no room for its time", len(raw))
	}
	b.at, b.size = r.TimeMs, len(raw)
	b.value, err = s.vs.Decode(value)
	return b, err
}
