package store

import (
	"fmt"
	"math"
)

// Gaps is how many of the frozen bytes are gaps.
func (s *recordRows) Gaps() (sum int64) {
	for _, seg := range s.table {
		if seg != nil {
			sum += seg.gaps
		}
	}
	return sum
}

// LeastGaps makes the gaps that are closed as small as tests need them.
func (s *recordRows) LeastGaps(bytes int64) { s.least = bytes }

// Check compares what a view of records keeps up to date with the same counted
// from scratch.
func (s *recordRows) Check() error {
	c := recordCheck{s: s, pins: map[[2]uint32]int32{}, refs: map[uint32]int{}}
	for i, d := range s.dirty {
		c.refer(d)
		r := s.table[d.segment].rows.at(d.row)
		if d.kind != toPass {
			c.dirty += s.table[d.segment].rowBytes(d.row)
		}
		want := map[recordWrite]recordState{toPut: fresh, toErase: gone, toPass: buried}[d.kind]
		if r.state != want || want != gone && int(r.at) != i {
			return fmt.Errorf("what is to be written %d. has state %d and place %d, want %d", i, r.state, r.at, want)
		}
	}
	for _, f := range s.flights {
		for _, d := range f.refs {
			c.refer(d)
		}
	}
	for i, seg := range s.segments {
		if i > 0 && s.segments[i-1].number >= seg.number || seg.dropped || s.table[seg.place] != seg {
			return fmt.Errorf("segment %d is out of order", seg.number)
		}
		if err := c.segment(seg); err != nil {
			return fmt.Errorf("segment %d: %w", seg.number, err)
		}
	}
	alive := len(s.segments)
	for _, seg := range s.table {
		if seg == nil {
			continue
		}
		c.total += seg.size()
		if seg.dropped {
			alive++
		}
		if seg.refs != c.refs[seg.place] || seg.dropped && seg.refs == 0 || seg.freed && seg.size() != 0 {
			return fmt.Errorf("segment %d has %d references, want %d", seg.number, seg.refs, c.refs[seg.place])
		}
	}
	if alive+len(s.vacant) != len(s.table) {
		return fmt.Errorf("%d segments and %d vacant places of %d", alive, len(s.vacant), len(s.table))
	}
	if c.total != s.total || c.clean != s.clean || c.dirty != s.dirtied {
		return fmt.Errorf("%d bytes, %d clean, %d dirty; want %d, %d, %d", s.total, s.clean, s.dirtied, c.total, c.clean, c.dirty)
	}
	return nil
}

type recordCheck struct {
	s                   *recordRows
	pins                map[[2]uint32]int32 // by segment and entry
	refs                map[uint32]int      // by segment
	total, clean, dirty int64
}

func (c *recordCheck) refer(d recordRef) {
	seg := c.s.table[d.segment]
	c.refs[d.segment]++
	if !seg.freed {
		c.pins[[2]uint32{d.segment, seg.rows.at(d.row).entry}]++
	}
}

func (c *recordCheck) segment(seg *recordSegment) error {
	inLine := map[uint32]bool{}
	for _, entry := range seg.line.list[seg.line.head:] {
		if inLine[entry] || seg.entries.at(entry).is&evicted != 0 {
			return fmt.Errorf("entry %d is twice in the line, or not alive", entry)
		}
		inLine[entry] = true
	}
	var clean, live int64
	entries, listed := 0, 0
	for entry := range seg.entries.len() {
		e := seg.entries.at(entry)
		if e.is&evicted != 0 {
			continue
		}
		entries++
		key := seg.key(e)
		size := entrySize + int64(sizedLen(key))
		var last *record
		p := seg.seek(e, math.MinInt64, math.MinInt32)
		for r, row := seg.in(e, p); r != nil; r, row = seg.in(e, p) {
			if last != nil && !(last.timeMs < r.timeMs || last.timeMs == r.timeMs && last.seq < r.seq) || c.s.layout.Segment(r.timeMs) != seg.number {
				return fmt.Errorf("%q: %d.%d is out of order", key, r.timeMs, r.seq)
			}
			if r.state == fresh && c.s.dirty[r.at] != (recordRef{seg.place, row, toPut}) || r.state > gone || r.entry != entry {
				return fmt.Errorf("%q: %d.%d is not in the list of dirty ones", key, r.timeMs, r.seq)
			}
			size += seg.rowBytes(row)
			listed++
			last, p = r, seg.next(e, p)
		}
		found, ok := seg.find(key, c.s.hash(key))
		switch pins := c.pins[[2]uint32{seg.place, entry}]; {
		case found != entry || !ok:
			return fmt.Errorf("%q is not found", key)
		case e.pins != pins:
			return fmt.Errorf("%q has %d pins, want %d", key, e.pins, pins)
		case e.is&queued != 0 != inLine[entry], e.pins == 0 && !inLine[entry]:
			return fmt.Errorf("%q has %d pins and is %b; in the line: %v", key, e.pins, e.is, inLine[entry])
		case seg.bytes(e) != size:
			return fmt.Errorf("%q has %d bytes, want %d", key, seg.bytes(e), size)
		}
		live += size
		if e.pins == 0 {
			clean += size
		}
	}
	for row := range seg.rows.len() {
		if seg.rows.at(row).state <= gone {
			listed--
		}
	}
	c.clean += clean
	if seg.clean != clean || seg.size()-seg.gaps != live || seg.spots.used != entries || listed != 0 {
		return fmt.Errorf("%d bytes, of which %d are clean and %d gaps, want %d and %d; %d in the spots, want %d; %d too many in lists",
			seg.size(), seg.clean, seg.gaps, live, clean, seg.spots.used, entries, listed)
	}
	return nil
}
