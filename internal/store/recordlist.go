package store

import (
	"math"
	"slices"
	"sort"
)

// record is one of those that a Records holds.
type record[V any] struct {
	timeMs int64
	seq    int32
	state  recordState
	size   int32  // what it counts for in Bytes
	flight uint32 // the number of the flight that has it, if state is not fresh
	at     int32  // its place there; in the list of dirty ones, if state is fresh
	value  V      // see codec
	raw    []byte
}

// recordState says where a record is.
type recordState uint8

const (
	fresh  recordState = iota // written by the running transaction
	stored                    // in the base, or in a batch in flight
	gone                      // deleted, and the base may not have heard of it
)

// before says whether a record comes before another one.
func (r *record[V]) before(timeMs int64, seq int32) bool {
	return r.timeMs < timeMs || r.timeMs == timeMs && r.seq < seq
}

// maxChunk is how many records lie side by side. To insert one moves those behind
// it in its chunk only.
const maxChunk = 128

// recordList are records in the order of time and then of their numbers. Most
// lists have few and lie in one; those of a busy key are cut into chunks.
type recordList[V any] struct {
	one  []record[V]
	many [][]record[V] // in place of one; none is empty
}

// place is where a record is in a list.
type listPlace struct{ chunk, i int }

// seek is the place of the first record that is not before another one, or the
// end.
func (l *recordList[V]) seek(timeMs int64, seq int32) (p listPlace) {
	chunk := l.one
	if l.many != nil {
		// The last chunk that begins before the record, or the first one.
		p.chunk = max(0, sort.Search(len(l.many), func(i int) bool { return !l.many[i][0].before(timeMs, seq) })-1)
		chunk = l.many[p.chunk]
	}
	n := len(chunk)
	if n > 0 && chunk[n-1].before(timeMs, seq) { // the newest, mostly
		p.i = n
	} else {
		lo := 0
		for lo < n {
			if m := int(uint(lo+n) >> 1); chunk[m].before(timeMs, seq) {
				lo = m + 1
			} else {
				n = m
			}
		}
		p.i = lo
	}
	return p
}

// at is the record of a place, nil at the end.
func (l *recordList[V]) at(p listPlace) *record[V] {
	chunk := l.one
	if l.many != nil {
		chunk = l.many[p.chunk]
		if p.i == len(chunk) && p.chunk+1 < len(l.many) {
			return &l.many[p.chunk+1][0]
		}
	}
	if p.i == len(chunk) {
		return nil
	}
	return &chunk[p.i]
}

// next is the place behind one that has a record.
func (l *recordList[V]) next(p listPlace) listPlace {
	if l.many != nil && p.i == len(l.many[p.chunk]) {
		return listPlace{p.chunk + 1, 1} // at has looked into the next chunk
	}
	return listPlace{p.chunk, p.i + 1}
}

// find is a record, nil if it is not there.
func (l *recordList[V]) find(timeMs int64, seq int32) *record[V] {
	r := l.at(l.seek(timeMs, seq))
	if r == nil || r.timeMs != timeMs || r.seq != seq {
		return nil
	}
	return r
}

// room is the place of one more record of a time, and a number for it: behind
// those that are there.
func (l *recordList[V]) room(timeMs int64) (p listPlace, seq int32) {
	p = l.seek(timeMs, math.MaxInt32)
	if r := l.at(p); r != nil && r.timeMs == timeMs {
		return l.gap(timeMs)
	}
	chunk := l.one
	if l.many != nil {
		chunk = l.many[p.chunk]
	}
	if p.i > 0 && chunk[p.i-1].timeMs == timeMs {
		seq = max(0, chunk[p.i-1].seq+1)
	}
	return p, seq
}

// gap is room where the highest number is taken, which Kafka Streams' counter
// may have come to.
func (l *recordList[V]) gap(timeMs int64) (p listPlace, seq int32) {
	p = l.seek(timeMs, 0)
	for r := l.at(p); r != nil && r.timeMs == timeMs && r.seq == seq; r = l.at(p) {
		p, seq = l.next(p), seq+1
	}
	return l.seek(timeMs, seq), seq
}

// last is the last record, nil if there is none.
func (l *recordList[V]) last() *record[V] {
	chunk := l.one
	if l.many != nil {
		chunk = l.many[len(l.many)-1]
	}
	if len(chunk) == 0 {
		return nil
	}
	return &chunk[len(chunk)-1]
}

// insert puts a record where seek has found that it belongs.
func (l *recordList[V]) insert(p listPlace, r record[V]) {
	if l.many == nil {
		if len(l.one) < maxChunk {
			l.one = slices.Insert(l.one, p.i, r)
			return
		}
		l.one, l.many = nil, [][]record[V]{l.one}
	}
	chunk := &l.many[p.chunk]
	if len(*chunk) < maxChunk {
		*chunk = slices.Insert(*chunk, p.i, r)
		return
	}
	// At the end, where most belong, nothing has to move.
	cut := maxChunk
	if p.i < maxChunk || p.chunk+1 < len(l.many) {
		cut = maxChunk / 2
	}
	behind := append(make([]record[V], 0, maxChunk), (*chunk)[cut:]...)
	clear((*chunk)[cut:])
	*chunk = (*chunk)[:cut]
	if p.i < cut {
		*chunk = slices.Insert(*chunk, p.i, r)
	} else {
		behind = slices.Insert(behind, p.i-cut, r)
	}
	l.many = slices.Insert(l.many, p.chunk+1, behind)
}

// remove takes out a record, if it is there.
func (l *recordList[V]) remove(timeMs int64, seq int32) {
	p := l.seek(timeMs, seq)
	r := l.at(p)
	if r == nil || r.timeMs != timeMs || r.seq != seq {
		return
	}
	if l.many == nil {
		l.one = slices.Delete(l.one, p.i, p.i+1)
		return
	}
	if p.i == len(l.many[p.chunk]) {
		p = listPlace{p.chunk + 1, 0}
	}
	chunk := slices.Delete(l.many[p.chunk], p.i, p.i+1)
	l.many[p.chunk] = chunk
	if len(chunk) == 0 {
		if l.many = slices.Delete(l.many, p.chunk, p.chunk+1); len(l.many) == 0 {
			l.many = nil
		}
	}
}
