package store

import (
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"sort"

	"github.com/millrace-io/millrace/state"
)

// learn reads from when on records are needed, and which segments the base has,
// if that is not known.
func (s *recordRows) learn() error {
	if s.known {
		return nil
	}
	if err := s.readSegments(); err != nil {
		return fmt.Errorf("store %s: %w", s.label, err)
	}
	s.known = true
	return nil
}

func (s *recordRows) readSegments() error {
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
	s.segments, s.table, s.vacant = nil, nil, nil
	for next := s.layout.Segment(s.needed); ; next++ {
		number, ok, err := s.firstSegment(next)
		if err != nil || !ok {
			return err
		}
		s.insertSegment(len(s.segments), &recordSegment{number: number, below: math.MaxInt64})
		if next = number; next == math.MaxUint64 {
			return nil
		}
	}
}

// firstSegment is the first segment of which the base has rows, from one on.
func (s *recordRows) firstSegment(from uint64) (number uint64, ok bool, err error) {
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
func (s *recordRows) seek(number uint64) int {
	n := len(s.segments)
	for back := 1; back <= 2 && back <= n; back++ { // the newest ones, mostly
		if s.segments[n-back].number < number {
			return n - back + 1
		}
	}
	return sort.Search(n, func(i int) bool { return s.segments[i].number >= number })
}

func (s *recordRows) hash(key []byte) uint32 { return uint32(maphash.Bytes(s.seed, key)) }

// segment is the one of a time, made if nobody has heard of it.
func (s *recordRows) segment(ms int64) *recordSegment {
	number := s.layout.Segment(ms)
	i := s.seek(number)
	if i < len(s.segments) && s.segments[i].number == number {
		return s.segments[i]
	}
	seg := &recordSegment{number: number, spots: s.spareSpots, below: complete}
	s.spareSpots = spots{}
	s.insertSegment(i, seg)
	return seg
}

// insertSegment puts one where seek has found that it belongs.
func (s *recordRows) insertSegment(i int, seg *recordSegment) {
	s.segments = slices.Insert(s.segments, i, seg)
	if n := len(s.vacant); n > 0 {
		seg.place, s.vacant = s.vacant[n-1], s.vacant[:n-1]
		s.table[seg.place] = seg
		return
	}
	seg.place = uint32(len(s.table))
	s.table = append(s.table, seg)
}

// lookUp is the entry of a key in a segment, with all that the base has from a
// time on; ok is false if there is nothing.
func (s *recordRows) lookUp(seg *recordSegment, key []byte, hash uint32, fromMs int64) (entry uint32, ok bool, err error) {
	entry, ok = seg.find(key, hash)
	switch {
	case ok:
		e := seg.entries.at(entry)
		if e.is&used == 0 {
			e.is |= used
		}
		if e.is&whole != 0 || fromMs > seg.below {
			return entry, true, nil
		}
		return entry, true, s.fill(seg, entry)
	case fromMs > seg.below:
		return 0, false, nil
	}
	entry = s.newEntry(seg, key, hash)
	seg.queue(entry)
	return entry, true, s.fill(seg, entry)
}

// newEntry adds an entry of which nothing is known but what its segment is.
func (s *recordRows) newEntry(seg *recordSegment, key []byte, hash uint32) (entry uint32) {
	p := seg.slab.add(key, &s.spareBytes)
	e := recordEntry{chunk: p.chunk, off: p.off}
	if seg.below == complete {
		e.is = whole
	}
	entry = seg.entries.add(e, &s.spareEntries)
	seg.spots.add(spot{hash, entry + 1})
	n := seg.bytes(&e)
	s.total += n
	s.count(seg, &e, n)
	return entry
}

// count says that an entry has grown, or shrunk.
func (s *recordRows) count(seg *recordSegment, e *recordEntry, bytes int64) {
	if e.pins == 0 {
		seg.clean += bytes
		s.clean += bytes
	}
}

// pin keeps an entry: a list has one of its records.
func (s *recordRows) pin(seg *recordSegment, e *recordEntry) {
	if e.pins == 0 {
		s.count(seg, e, -seg.bytes(e))
	}
	e.pins++
}

// unpin says that a list no longer has one of the records of an entry.
func (s *recordRows) unpin(seg *recordSegment, entry uint32) {
	e := seg.entries.at(entry)
	if e.pins--; e.pins > 0 {
		return
	}
	s.count(seg, e, seg.bytes(e))
	if e.is&queued == 0 {
		seg.queue(entry)
	}
}

// fill adds to an entry the records that the base has and it lacks, none of which
// was written since.
func (s *recordRows) fill(seg *recordSegment, entry uint32) (err error) {
	e := seg.entries.at(entry)
	prefix := state.VersionRow{Key: seg.key(e)}.AppendPrefix(s.layout.AppendSegment(nil, seg.number))
	to := append(slices.Clone(prefix[:len(prefix)-1]), prefix[len(prefix)-1]+1)
	c := s.base.Scan(prefix, to, false)
	defer func() {
		if closeInto(&err, c); err != nil {
			err = fmt.Errorf("store %s: read: %w", s.label, err)
		}
	}()
	s.version++
	for c.Next() {
		timeMs, seq, err := s.layout.CutTimes(c.Key())
		if err != nil {
			return err
		}
		if r, _ := seg.record(e, timeMs, int32(seq)); r != nil {
			continue
		}
		r := record{timeMs: timeMs, seq: int32(seq), entry: entry, state: stored}
		s.insert(seg, e, seg.seek(e, r.timeMs, r.seq), r, c.Value())
	}
	if err := c.Err(); err != nil {
		return err
	}
	e.is |= whole
	return nil
}

// insert adds a record to an entry, whose place seek has found.
func (s *recordRows) insert(seg *recordSegment, e *recordEntry, p listPlace, r record, value []byte) (row uint32) {
	v := seg.slab.add(value, &s.spareBytes)
	r.chunk, r.off = v.chunk, v.off
	row = seg.rows.add(r, &s.spareRows)
	seg.list(e, p, row)
	n := seg.rowBytes(row)
	s.total += n
	s.count(seg, e, n)
	s.version++
	return row
}
