package store

import (
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"sort"

	"github.com/millrace-io/millrace/state"
)

// recordSegment is what a Records knows of one segment of time.
type recordSegment[V any] struct {
	number  uint64
	entries slots[recordEntry[V]]

	// below is the latest time of which the base may have records that no entry
	// tells of. It is the lowest one there is for a segment that began under this
	// view and of which nothing was evicted: what it has not, is nowhere.
	below   int64
	dropped bool                 // it has expired, and a flight may still have entries of it
	line    line[recordEntry[V]] // all of its entries without pins are in it
}

// recordEntry is what is known of a key in a segment.
type recordEntry[V any] struct {
	encodedKey
	segment *recordSegment[V]
	rows    recordList[V]
	below   int64 // the latest time of which the base may have records that rows lacks
	size    int64
	pins    int32 // how often the dirty list and those of flights have it
	queued  bool
	used    bool         // looked at or written since it was queued
	first   [1]record[V] // memory for rows: most have one
}

// complete is the below of what lacks nothing.
const complete = math.MinInt64

// learn reads from when on records are needed, and which segments the base has,
// if that is not known.
func (s *Records[K, V]) learn() error {
	if s.known {
		return nil
	}
	if err := s.readSegments(); err != nil {
		return fmt.Errorf("store %s: %w", s.name, err)
	}
	s.known = true
	return nil
}

func (s *Records[K, V]) readSegments() error {
	if err := s.layout.Adopt(s.base); err != nil {
		return err
	}
	ms, ok, err := state.Records.StreamTime(s.base)
	if err != nil {
		return err
	}
	s.needed = math.MinInt64
	if ok {
		s.needed = ms
	}
	s.marked, s.settled, s.logged = s.needed, s.needed, s.layout.Segment(s.needed)
	s.segments = nil
	for next := s.layout.Segment(s.needed); ; next++ {
		number, ok, err := s.firstSegment(next)
		if err != nil || !ok {
			return err
		}
		s.segments = append(s.segments, &recordSegment[V]{number: number, below: math.MaxInt64})
		if next = number; next == math.MaxUint64 {
			return nil
		}
	}
}

// firstSegment is the first segment of which the base has rows, from one on.
func (s *Records[K, V]) firstSegment(from uint64) (number uint64, ok bool, err error) {
	c := s.base.Scan(s.layout.AppendSegment(nil, from), s.layout.Last(), false)
	defer closeInto(&err, c)
	if !c.Next() {
		return 0, false, c.Err()
	}
	at, err := s.layout.DecodeKey(c.Key(), &s.escaped)
	s.escaped = s.escaped[:0]
	return s.layout.Segment(at.TimeMs), err == nil, err
}

// seek is the index of the first segment that is not before one.
func (s *Records[K, V]) seek(number uint64) int {
	n := len(s.segments)
	for back := 1; back <= 2 && back <= n; back++ { // the newest ones, mostly
		if s.segments[n-back].number < number {
			return n - back + 1
		}
	}
	return sort.Search(n, func(i int) bool { return s.segments[i].number >= number })
}

func (s *Records[K, V]) hash(key []byte) uint64 { return maphash.Bytes(s.seed, key) }

// segment is the one of a time, made if nobody has heard of it.
func (s *Records[K, V]) segment(ms int64) *recordSegment[V] {
	number := s.layout.Segment(ms)
	i := s.seek(number)
	if i < len(s.segments) && s.segments[i].number == number {
		return s.segments[i]
	}
	seg := &recordSegment[V]{number: number, entries: s.spareSlots, line: s.spareLine, below: complete}
	s.spareSlots, s.spareLine = slots[recordEntry[V]]{}, line[recordEntry[V]]{}
	s.segments = slices.Insert(s.segments, i, seg)
	return seg
}

// lookUp is the entry of a key in a segment, with all that the base has from a
// time on; nil if there is nothing.
func (s *Records[K, V]) lookUp(seg *recordSegment[V], key []byte, hash uint64, fromMs int64) (*recordEntry[V], error) {
	e := seg.find(key, hash)
	switch {
	case e != nil:
		if !e.used {
			e.used = true
		}
		if fromMs > e.below {
			return e, nil
		}
		return e, s.fill(e)
	case fromMs > seg.below:
		return nil, nil
	}
	e = s.newEntry(seg, key, hash)
	s.queue(e)
	return e, s.fill(e)
}

// find returns the entry of a key, or nil.
func (seg *recordSegment[V]) find(key []byte, hash uint64) *recordEntry[V] {
	for e, i := seg.entries.next(hash, hash); ; e, i = seg.entries.next(hash, i) {
		if e == nil || e.key == string(key) {
			return e
		}
	}
}

// newEntry adds an entry of which nothing is known but what its segment is.
func (s *Records[K, V]) newEntry(seg *recordSegment[V], key []byte, hash uint64) *recordEntry[V] {
	var e *recordEntry[V]
	if n := len(s.free); n > 0 {
		e, s.free = s.free[n-1], s.free[:n-1]
	} else {
		e = new(recordEntry[V])
	}
	e.set(key)
	e.segment, e.below = seg, seg.below
	if e.rows.one == nil {
		e.rows.one = e.first[:0]
	}
	seg.entries.add(hash, e)
	s.count(e, s.entrySize+int64(e.beside()))
	return e
}

// count adds to the size of an entry.
func (s *Records[K, V]) count(e *recordEntry[V], bytes int64) {
	e.size += bytes
	s.total += bytes
	if e.pins == 0 {
		s.clean += bytes
	}
}

// pin keeps an entry: a list has it.
func (s *Records[K, V]) pin(e *recordEntry[V]) {
	if e.pins++; e.pins == 1 {
		s.clean -= e.size
	}
}

// unpin says that a list has an entry no longer.
func (s *Records[K, V]) unpin(e *recordEntry[V]) {
	if e.pins--; e.pins > 0 {
		return
	}
	if e.segment.dropped {
		s.recycle(e)
		return
	}
	s.clean += e.size
	if !e.queued {
		s.queue(e)
	}
}

// fill adds to an entry the records that the base has and it lacks, none of which
// was written since.
func (s *Records[K, V]) fill(e *recordEntry[V]) (err error) {
	prefix := state.VersionRow{Key: e.bytes()}.AppendPrefix(s.layout.AppendSegment(nil, e.segment.number))
	to := append(slices.Clone(prefix[:len(prefix)-1]), prefix[len(prefix)-1]+1)
	c := s.base.Scan(prefix, to, false)
	defer func() {
		if closeInto(&err, c); err != nil {
			err = fmt.Errorf("store %s: read: %w", s.name, err)
		}
	}()
	s.version++
	for c.Next() {
		timeMs, seq, err := s.layout.CutTimes(c.Key())
		if err != nil {
			return err
		}
		if e.rows.find(timeMs, int32(seq)) != nil {
			continue
		}
		r := record[V]{timeMs: timeMs, seq: int32(seq), state: stored}
		if r.value, r.raw, err = s.takeRaw(c.Value()); err != nil {
			return err
		}
		s.insert(e, e.rows.seek(r.timeMs, r.seq), &r)
	}
	if err := c.Err(); err != nil {
		return err
	}
	e.below = complete
	return nil
}

// insert adds a record to an entry, whose place seek has found.
func (s *Records[K, V]) insert(e *recordEntry[V], p listPlace, r *record[V]) {
	r.size = int32(s.rowSize) + int32(s.weight(&r.value, r.raw))
	e.rows.insert(p, *r)
	s.count(e, int64(r.size))
	s.version++
}

// queue lines an entry up for eviction.
func (s *Records[K, V]) queue(e *recordEntry[V]) {
	e.queued, e.used = true, false
	e.segment.line.push(e)
}

// recycle takes the memory of an entry that nobody has any more.
func (s *Records[K, V]) recycle(e *recordEntry[V]) {
	if len(s.free) >= s.maxFree {
		return
	}
	*e = recordEntry[V]{}
	s.free = append(s.free, e)
}

// drop forgets a segment of which nothing is needed any more.
func (s *Records[K, V]) drop(seg *recordSegment[V]) {
	seg.dropped = true
	s.maxFree = max(maxFree, seg.entries.used) // those of the next one
	for _, slot := range seg.entries.list {
		e := slot.entry
		if e == nil {
			continue
		}
		s.total -= e.size
		if e.pins == 0 {
			s.clean -= e.size
			s.recycle(e)
		}
	}
	seg.entries.reset()
	seg.line.reset()
	s.spareSlots, s.spareLine = seg.entries, seg.line
	seg.entries, seg.line = slots[recordEntry[V]]{}, line[recordEntry[V]]{}
}

// Evict drops clean entries until at most limit bytes of them are left, those of
// the oldest segments first. Within one they go in the order in which they came,
// but one that was used in between gets a second turn.
func (s *Records[K, V]) Evict(limit int64) {
	for _, seg := range s.segments {
		for s.clean > limit && !seg.line.empty() {
			e := seg.line.pop()
			e.queued = false
			switch {
			case e.pins > 0:
			case e.used:
				s.queue(e)
			default:
				s.evict(e)
			}
		}
	}
}

func (s *Records[K, V]) evict(e *recordEntry[V]) {
	seg := e.segment // whose below is not before that of e
	if last := e.rows.last(); last != nil {
		seg.below = max(seg.below, last.timeMs)
	}
	seg.entries.remove(s.hash(e.bytes()), e)
	s.total -= e.size
	s.clean -= e.size
	s.recycle(e)
}
