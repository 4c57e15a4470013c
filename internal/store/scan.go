package store

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unsafe"

	"github.com/tidwall/btree"

	"github.com/millrace-io/millrace/state"
)

// scan walks over the pinned entries of a range, in the order of their keys.
//
// It reads the index as it goes, since most scans write nothing or end early.
// The first change under it makes it copy what is left before it (detach), so
// that it sees the entries as of its start.
//
// It is used again, with the memory that it has: a store that is searched for each
// record allocates none for it.
type scan[V any] struct {
	it       btree.MapIter[string, *entry[V]]
	reverse  bool   // the largest key comes first
	to       []byte // exclusive; inclusive, if reverse
	all      bool   // there is no to
	rest     []pair[V]
	detached bool // reads rest, not it
	head     pair[V]
	ok       bool   // there is a head
	key      []byte // scratch: of the row that a merge is at
}

type pair[V any] struct {
	key string
	content[V]
}

// next steps to the next entry.
func (c *scan[V]) next() {
	if c.detached {
		if c.ok = len(c.rest) > 0; c.ok {
			c.head, c.rest = c.rest[0], c.rest[1:]
		}
		return
	}
	if c.reverse {
		c.take(c.ok && c.it.Prev())
		return
	}
	c.take(c.ok && c.it.Next())
}

// take makes the iterator's entry the head, if it has one in the range.
func (c *scan[V]) take(ok bool) {
	if c.ok = ok && (c.all || compare(c.to, c.it.Key()) > 0 != c.reverse); c.ok {
		c.head = pair[V]{c.it.Key(), c.it.Value().content}
	}
}

// detach copies the entries that are left. Their keys go when they do.
func (c *scan[V]) detach() {
	if c.detached {
		return
	}
	head, ok := c.head, c.ok
	head.key = strings.Clone(head.key)
	for c.next(); c.ok; c.next() {
		c.head.key = strings.Clone(c.head.key)
		c.rest = append(c.rest, c.head)
	}
	c.head, c.ok, c.detached = head, ok, true
}

// detachScans is called before anything in the index changes.
func (s *KeyValue[K, V]) detachScans() {
	for _, c := range s.scans {
		c.detach()
	}
}

// All yields every entry in the order of the encoded keys, as they are when the
// loop begins.
func (s *KeyValue[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		s.ops.All++
		s.scanErr = s.walk(nil, nil, untimed(yield))
	}
}

// AllWithTime is All with the event times of the entries in milliseconds, -1 in
// a store that holds none. It returns the error that ended it early.
func (s *KeyValue[K, V]) AllWithTime(yield func(key K, v V, timeMs int64) bool) error {
	s.ops.All++
	return s.walk(nil, nil, yield)
}

func untimed[K, V any](yield func(K, V) bool) func(K, V, int64) bool {
	return func(k K, v V, _ int64) bool { return yield(k, v) }
}

// Range yields the entries from from (inclusive) to to (exclusive) in the order
// of the encoded keys, as they are when the loop begins.
func (s *KeyValue[K, V]) Range(from, to K) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		s.ops.Range++
		lo, hi, err := s.bounds(from, to)
		if err == nil && bytes.Compare(lo, hi) < 0 {
			err = s.walk(lo, hi, untimed(yield))
		}
		s.scanErr = err
	}
}

// ScanErr is the error that ended the last All or Range early, or nil.
func (s *KeyValue[K, V]) ScanErr() error { return s.scanErr }

func (s *KeyValue[K, V]) bounds(from, to K) (lo, hi []byte, err error) {
	if err = s.encodeKey(from); err != nil {
		return nil, nil, err
	}
	lo = bytes.Clone(s.key)
	if err = s.encodeKey(to); err != nil {
		return nil, nil, err
	}
	return lo, bytes.Clone(s.key), nil
}

// walk yields what is stored in [lo, hi) and has not expired. A nil hi is no
// bound.
func (s *KeyValue[K, V]) walk(lo, hi []byte, yield func(K, V, int64) bool) error {
	return s.merge(lo, hi, func(r row[V]) (more bool, err error) {
		var v V
		timeMs := int64(-1)
		switch {
		case r.pinned == nil:
			var c content[V]
			if c.time, c.raw, err = s.split(r.stored); err != nil {
				return false, err
			}
			if s.expired(c.time) {
				return true, nil
			}
			if s.timed {
				timeMs = c.time
			}
			v, err = s.decode(c.raw)
		case s.expired(r.pinned.time):
			return true, nil
		default:
			if s.timed {
				timeMs = r.pinned.time
			}
			v, err = s.value(r.pinned)
		}
		if err != nil {
			return false, err
		}
		k, err := s.decodeKey(r.key)
		return err == nil && yield(k, v, timeMs), err
	})
}

// row is one that a merge comes by, until it goes on.
type row[V any] struct {
	key    []byte      // a copy: serdes must not get at the memory of an entry's key; gone with the merge
	stored []byte      // what the base holds, if that counts
	pinned *content[V] // of the entry, if that counts
}

// read is the value of a row, with the event time of its write if there is one.
func (s *KeyValue[K, V]) read(r row[V]) (v V, timeMs int64, err error) {
	if r.pinned != nil {
		v, err = s.value(r.pinned)
		return v, r.pinned.time, err
	}
	timeMs, b, err := s.split(r.stored)
	if err == nil {
		v, err = s.decode(b)
	}
	return v, timeMs, err
}

// writtenAt is the event time of the write of a row.
func (s *KeyValue[K, V]) writtenAt(r row[V]) (timeMs int64, err error) {
	if r.pinned != nil {
		return r.pinned.time, nil
	}
	timeMs, _, err = s.split(r.stored)
	return timeMs, err
}

// merge lays the pinned entries over those of the base and calls visit for
// each row in [lo, hi), in the order of their keys, until it returns false. A
// nil hi is no bound.
func (s *KeyValue[K, V]) merge(lo, hi []byte, visit func(row[V]) (more bool, err error)) error {
	return s.overlay(lo, hi, false, visit)
}

// overlay is merge either way: if reverse, the largest key comes first.
func (s *KeyValue[K, V]) overlay(lo, hi []byte, reverse bool, visit func(row[V]) (more bool, err error)) (err error) {
	below := s.base.Scan(lo, hi, reverse)
	above := s.open(lo, hi, reverse)
	defer func() {
		s.shut(above)
		if cerr := below.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("store %s: scan: %w", s.name, cerr)
		}
	}()
	more, err := s.step(below)
	for err == nil && (more || above.ok) {
		// order is negative if the base's key comes before the pinned one.
		order := +1
		if more {
			order = -1
			if above.ok {
				if order = compare(below.Key(), above.head.key); reverse {
					order = -order
				}
			}
		}
		r := row[V]{}
		if order < 0 {
			above.key = append(above.key[:0], below.Key()...)
			r.stored = below.Value()
		} else {
			above.key = append(above.key[:0], above.head.key...)
			r.pinned = &above.head.content
		}
		if r.key = above.key; order < 0 || above.head.present {
			if on, err := visit(r); !on || err != nil {
				return err
			}
		}
		if order >= 0 {
			above.next()
		}
		if order <= 0 {
			more, err = s.step(below)
		}
	}
	return err
}

func (s *KeyValue[K, V]) step(c state.Cursor) (bool, error) {
	if c.Next() {
		return true, nil
	}
	if err := c.Err(); err != nil {
		return false, fmt.Errorf("store %s: scan: %w", s.name, err)
	}
	return false, nil
}

// compare is bytes.Compare of a and b.
func compare(a []byte, b string) int {
	switch {
	case string(a) < b:
		return -1
	case string(a) > b:
		return +1
	}
	return 0
}

// open begins a scan of the pinned entries in [lo, hi).
func (s *KeyValue[K, V]) open(lo, hi []byte, reverse bool) *scan[V] {
	if !s.indexed {
		s.index()
	}
	c := s.idle()
	c.reverse = reverse
	if reverse {
		c.to, c.all = append(c.to[:0], lo...), len(lo) == 0
		if hi != nil && c.it.Seek(borrowed(hi)) {
			c.take(c.it.Prev())
		} else {
			c.take(c.it.Last())
		}
	} else {
		c.to, c.all = append(c.to[:0], hi...), hi == nil
		c.take(c.it.Seek(borrowed(lo)))
	}
	s.scans = append(s.scans, c)
	return c
}

// idle is a scan that is not open.
func (s *KeyValue[K, V]) idle() (c *scan[V]) {
	if n := len(s.shuts); n > 0 {
		c, s.shuts = s.shuts[n-1], s.shuts[:n-1]
		return c
	}
	return &scan[V]{it: s.pinned.Iter()}
}

// shut ends a scan.
func (s *KeyValue[K, V]) shut(c *scan[V]) {
	s.scans = slices.DeleteFunc(s.scans, func(o *scan[V]) bool { return o == c })
	c.head, c.rest, c.detached = pair[V]{}, nil, false
	s.shuts = append(s.shuts, c)
}

// borrowed is b as a string, for a look-up that does not keep it.
func borrowed(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// index sorts the pinned entries. From the first scan on they are kept sorted:
// a store that is never scanned does not pay for it.
func (s *KeyValue[K, V]) index() {
	s.indexed = true
	for _, f := range s.flights {
		for _, e := range f.entries {
			s.pinned.Set(e.key, e)
		}
	}
	for _, e := range s.dirty {
		s.pinned.Set(e.key, e)
	}
}
