package store

import (
	"math"
	"slices"
	"sort"
)

// recordList are the records of an entry that has or had several, by number, in
// the order of time and then of seq. Those of a busy key lie in many chunks: to
// insert one moves those behind it in its chunk only.
type recordList struct {
	chunks [][]uint32 // none is empty
	bytes  int64      // what the records take
}

// maxChunk is how many records are in a chunk of a list.
const maxChunk = 128

// listPlace is where a record is in the list of its entry.
type listPlace struct{ chunk, i int }

// chunks is how many chunks the records of an entry have.
func (seg *recordSegment) chunks(e *recordEntry) int {
	switch {
	case e.is&several != 0:
		return len(seg.lists[e.rows[0]].chunks)
	case e.is&single != 0:
		return 1
	}
	return 0
}

// chunk are the records of one chunk of an entry.
func (seg *recordSegment) chunk(e *recordEntry, i int) []uint32 {
	if e.is&several != 0 {
		return seg.lists[e.rows[0]].chunks[i]
	}
	return e.rows[:]
}

// seek is the place of the first record of an entry that is not before another
// one, or the end.
func (seg *recordSegment) seek(e *recordEntry, timeMs int64, seq int32) (p listPlace) {
	switch n := seg.chunks(e); n {
	case 0:
		return p
	case 1:
	default: // the last chunk that begins before the record, or the first one
		p.chunk = max(0, sort.Search(n, func(i int) bool { return !seg.before(seg.chunk(e, i)[0], timeMs, seq) })-1)
	}
	chunk := seg.chunk(e, p.chunk)
	n := len(chunk)
	if seg.before(chunk[n-1], timeMs, seq) { // the newest, mostly
		p.i = n
		return p
	}
	for p.i < n {
		if m := int(uint(p.i+n) >> 1); seg.before(chunk[m], timeMs, seq) {
			p.i = m + 1
		} else {
			n = m
		}
	}
	return p
}

// before says whether a record comes before another one.
func (seg *recordSegment) before(row uint32, timeMs int64, seq int32) bool {
	r := seg.rows.at(row)
	return r.timeMs < timeMs || r.timeMs == timeMs && r.seq < seq
}

// in is the record of a place and its number; it is nil at the end.
func (seg *recordSegment) in(e *recordEntry, p listPlace) (*record, uint32) {
	n := seg.chunks(e)
	if p.chunk < n && p.i == len(seg.chunk(e, p.chunk)) {
		p = listPlace{chunk: p.chunk + 1}
	}
	if p.chunk == n {
		return nil, 0
	}
	row := seg.chunk(e, p.chunk)[p.i]
	return seg.rows.at(row), row
}

// next is the place behind one that has a record.
func (seg *recordSegment) next(e *recordEntry, p listPlace) listPlace {
	if p.i == len(seg.chunk(e, p.chunk)) {
		return listPlace{p.chunk + 1, 1} // in has looked into the next chunk
	}
	return listPlace{p.chunk, p.i + 1}
}

// record is one of an entry and its number; it is nil if it is not there.
func (seg *recordSegment) record(e *recordEntry, timeMs int64, seq int32) (*record, uint32) {
	r, row := seg.in(e, seg.seek(e, timeMs, seq))
	if r == nil || r.timeMs != timeMs || r.seq != seq {
		return nil, 0
	}
	return r, row
}

// room is the place of one more record of a time, and a seq for it: behind those
// that are there.
func (seg *recordSegment) room(e *recordEntry, timeMs int64) (p listPlace, seq int32) {
	p = seg.seek(e, timeMs, math.MaxInt32)
	if r, _ := seg.in(e, p); r != nil && r.timeMs == timeMs {
		return seg.gap(e, timeMs)
	}
	if p.i > 0 {
		if r := seg.rows.at(seg.chunk(e, p.chunk)[p.i-1]); r.timeMs == timeMs {
			seq = max(0, r.seq+1)
		}
	}
	return p, seq
}

// gap is room where the highest seq is taken, which Kafka Streams' counter may
// have come to.
func (seg *recordSegment) gap(e *recordEntry, timeMs int64) (p listPlace, seq int32) {
	p = seg.seek(e, timeMs, 0)
	for r, _ := seg.in(e, p); r != nil && r.timeMs == timeMs && r.seq == seq; r, _ = seg.in(e, p) {
		p, seq = seg.next(e, p), seq+1
	}
	return seg.seek(e, timeMs, seq), seq
}

// last is the last record, nil if there is none.
func (seg *recordSegment) last(e *recordEntry) *record {
	n := seg.chunks(e)
	if n == 0 {
		return nil
	}
	chunk := seg.chunk(e, n-1)
	return seg.rows.at(chunk[len(chunk)-1])
}

// lastUntil is the last record that is not later than a time and can be seen,
// nil if there is none.
func (seg *recordSegment) lastUntil(e *recordEntry, timeMs int64) *record {
	p := seg.seek(e, timeMs, math.MaxInt32)
	if r, _ := seg.in(e, p); r != nil && r.timeMs == timeMs && r.state != gone {
		return r // its seq is the highest there is
	}
	for {
		switch {
		case p.i > 0:
			p.i--
		case p.chunk > 0:
			p = listPlace{p.chunk - 1, len(seg.chunk(e, p.chunk-1)) - 1}
		default:
			return nil
		}
		if r, _ := seg.in(e, p); r.state != gone {
			return r
		}
	}
}

// list puts a record into its entry, where seek has found that it belongs.
func (seg *recordSegment) list(e *recordEntry, p listPlace, row uint32) {
	if e.is&(single|several) == 0 {
		e.is |= single
		e.rows[0] = row
		return
	}
	if e.is&single != 0 {
		seg.lists = append(seg.lists, recordList{
			chunks: [][]uint32{append(make([]uint32, 0, 4), e.rows[0])},
			bytes:  seg.rowBytes(e.rows[0]),
		})
		e.is ^= single | several
		e.rows[0] = uint32(len(seg.lists) - 1)
	}
	l := &seg.lists[e.rows[0]]
	l.bytes += seg.rowBytes(row)
	l.insert(p, row)
}

func (l *recordList) insert(p listPlace, row uint32) {
	if len(l.chunks) == 0 {
		l.chunks = append(l.chunks, []uint32{row})
		return
	}
	chunk := &l.chunks[p.chunk]
	if len(*chunk) < maxChunk {
		*chunk = slices.Insert(*chunk, p.i, row)
		return
	}
	// At the end, where most belong, nothing has to move.
	cut := maxChunk
	if p.i < maxChunk || p.chunk+1 < len(l.chunks) {
		cut = maxChunk / 2
	}
	behind := append(make([]uint32, 0, maxChunk), (*chunk)[cut:]...)
	*chunk = (*chunk)[:cut]
	if p.i < cut {
		*chunk = slices.Insert(*chunk, p.i, row)
	} else {
		behind = slices.Insert(behind, p.i-cut, row)
	}
	l.chunks = slices.Insert(l.chunks, p.chunk+1, behind)
}

// unlist takes a record out of its entry, which has it.
func (seg *recordSegment) unlist(e *recordEntry, r *record) {
	if e.is&single != 0 {
		e.is &^= single
		return
	}
	p := seg.seek(e, r.timeMs, r.seq)
	l := &seg.lists[e.rows[0]]
	if p.i == len(l.chunks[p.chunk]) {
		p = listPlace{chunk: p.chunk + 1}
	}
	chunk := &l.chunks[p.chunk]
	l.bytes -= seg.rowBytes((*chunk)[p.i])
	if *chunk = slices.Delete(*chunk, p.i, p.i+1); len(*chunk) == 0 {
		l.chunks = slices.Delete(l.chunks, p.chunk, p.chunk+1)
	}
}
