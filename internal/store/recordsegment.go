package store

import (
	"math"
	"unsafe"
)

// recordSegment is what a Records knows of one segment of time. Keys and values
// are bytes in a slab, records and entries are small and have no pointers: a join
// holds millions of them for seconds, and the garbage collector looks at none.
//
//	spots -> entries -> rows            slab: | key | value | value | key | value |
//	         key, rows  time, value           what is gone leaves gaps, see close
type recordSegment struct {
	number  uint64
	place   uint32 // in recordRows.table
	refs    int    // how many there are of its records
	dropped bool   // it has expired, but flights have records of it
	freed   bool   // its memory is gone: nobody can look for those records

	spots   spots // of entries, whose numbers they have and 1
	entries arena[recordEntry]
	rows    arena[record]
	slab    slab
	lists   []recordList // of entries with several records
	line    line[uint32] // all of the entries without pins are in it

	// below is the latest time of which the base may have records that no entry
	// tells of. It is the lowest one there is for a segment that began under this
	// view and of which nothing was evicted: what it has not, is nowhere.
	below int64

	clean int64 // bytes of entries without pins
	gaps  int64 // bytes of what is gone
}

// complete is the below of what lacks nothing.
const complete = math.MinInt64

// recordEntry is what is known of a key in a segment.
type recordEntry struct {
	chunk uint32 // the place of the key
	off   uint16
	is    entryIs
	rows  [1]uint32 // its record, or its place in lists
	pins  int32     // how often the dirty list and those of flights have it
}

// entryIs says what an entry is.
type entryIs uint8

const (
	single entryIs = 1 << iota
	several
	whole  // the base has no record that it lacks
	queued // in line
	used   // looked at or written since it was queued
	evicted
)

// record is one of those that a Records holds.
type record struct {
	timeMs int64
	seq    int32
	entry  uint32
	flight uint32 // the number of the flight that has it, if state is stored or gone
	at     int32  // its place there; in the list of dirty ones, if state is fresh or buried
	chunk  uint32 // the place of the value
	off    uint16
	state  recordState
}

// recordState says where a record is.
type recordState uint8

const (
	fresh  recordState = iota // written by the running transaction
	stored                    // in the base, or in a batch in flight
	gone                      // deleted, and the base may not have heard of it
	buried                    // it was fresh and is deleted: only Undo may want it
	lost                      // nothing refers to it
)

const (
	recordSize = int64(unsafe.Sizeof(record{}))
	entrySize  = int64(unsafe.Sizeof(recordEntry{}) + unsafe.Sizeof(spot{})*7/4) // with its share of the spots
)

// size is what all that ever came takes.
func (seg *recordSegment) size() int64 {
	return int64(seg.rows.len())*recordSize + int64(seg.entries.len())*entrySize + int64(seg.slab.size)
}

// rowBytes is what a record takes.
func (seg *recordSegment) rowBytes(row uint32) int64 {
	return recordSize + int64(sizedLen(seg.value(seg.rows.at(row))))
}

// bytes is what an entry and its records take.
func (seg *recordSegment) bytes(e *recordEntry) int64 {
	n := entrySize + int64(sizedLen(seg.key(e)))
	switch {
	case e.is&several != 0:
		n += seg.lists[e.rows[0]].bytes
	case e.is&single != 0:
		n += seg.rowBytes(e.rows[0])
	}
	return n
}

func (seg *recordSegment) key(e *recordEntry) []byte { return seg.slab.at(slabPlace{e.chunk, e.off}) }
func (seg *recordSegment) value(r *record) []byte    { return seg.slab.at(slabPlace{r.chunk, r.off}) }

// find is the entry of a key.
func (seg *recordSegment) find(key []byte, hash uint32) (entry uint32, ok bool) {
	if seg.spots.used == 0 {
		return 0, false
	}
	for p, i := seg.spots.find(hash, hash); p.at != 0; p, i = seg.spots.find(hash, i) {
		if string(seg.key(seg.entries.at(p.at-1))) == string(key) {
			return p.at - 1, true
		}
	}
	return 0, false
}

// queue lines an entry up for eviction.
func (seg *recordSegment) queue(entry uint32) {
	e := seg.entries.at(entry)
	e.is = e.is&^used | queued
	seg.line.push(entry)
}
