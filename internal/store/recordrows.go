package store

import (
	"hash/maphash"

	"github.com/millrace-io/millrace/state"
)

// recordRows is a Records whose keys and values are bytes.
type recordRows struct {
	label  string // the name of the store
	base   state.Store
	layout state.Segments

	known    bool
	segments []*recordSegment // all that may have records, by number
	// table has all segments that are referred to by their place in it, vacant the
	// places where there is none.
	table  []*recordSegment
	vacant []uint32

	// From when on records are needed: now, and when the record began; as of the
	// last batch that is in the base; and of the segment that the changelog was
	// told last.
	needed, marked, settled int64
	logged                  uint64
	live                    uint64 // the first segment that is needed after what is known to have committed
	swept                   uint64 // the base has no segment before that,
	sweptOnce               bool   // if this is true

	version uint64 // grows when an entry changes, for those who look through it
	journal []recordChange
	dirty   []recordRef // in the order in which they were written
	flights []recordFlight
	number  uint32 // of the last flight

	seed         maphash.Seed
	spareSpots   spots // empty, with memory
	spareEntries pool[recordEntry]
	spareRows    pool[record]
	spareBytes   pool[byte]

	total, clean, dirtied int64 // bytes: of all, of entries without pins, and of the dirty rows
	least                 int64 // gaps of fewer bytes are not closed

	ops     state.Operations
	escaped []byte // scratch, of what DecodeKey unescapes
}

// recordRef names a record in a list of dirty ones.
type recordRef struct {
	segment uint32 // its place in the table
	row     uint32
	kind    recordWrite
}

// recordWrite is what is to be written of a record.
type recordWrite uint8

const (
	toPut   recordWrite = iota
	toErase             // the record is gone
	toSkip              // nothing: it is not needed any more
	toPass              // nothing: it was put and deleted again
)

func newRecordRows(base state.Store, o Options) recordRows {
	return recordRows{label: o.Name, base: base, layout: state.Records.Segments(o.Retention), seed: maphash.MakeSeed(), least: leastGaps}
}

// Operations returns how often each operation was called. Near counts as Range.
func (s *recordRows) Operations() state.Operations { return s.ops }

// Expire says that no record from before ms is needed any more: none is there
// from now on, and their memory and place on disk go soon. It never takes back
// what was said before. The changelog hears of it once that is in the base: a
// restore leaves out only what no record could look for that may come again.
func (s *recordRows) Expire(ms int64) error {
	if ms <= s.needed && s.known {
		return nil
	}
	err := s.learn()
	s.needed = max(s.needed, ms)
	return err
}

// add is Records.Add, for a time that has not expired.
func (s *recordRows) add(key, value []byte, timeMs int64) (seq int32, err error) {
	seg, hash := s.segment(timeMs), s.hash(key)
	entry, ok, err := s.lookUp(seg, key, hash, timeMs)
	if err != nil {
		return -1, err
	}
	if !ok {
		entry = s.newEntry(seg, key, hash)
	}
	e := seg.entries.at(entry)
	e.is |= used
	p, seq := seg.room(e, timeMs)
	s.pin(seg, e)
	row := s.insert(seg, e, p, record{timeMs: timeMs, seq: seq, entry: entry, at: int32(len(s.dirty))}, value)
	s.note(seg, row, added, toPut)
	return seq, nil
}

// note takes down what happens to a record, and makes it dirty.
func (s *recordRows) note(seg *recordSegment, row uint32, deed recordDeed, write recordWrite) {
	ref := recordRef{seg.place, row, write}
	seg.refs++
	s.dirtied += seg.rowBytes(row)
	s.dirty = append(s.dirty, ref)
	s.journal = append(s.journal, recordChange{deed, ref})
}

// remove is Records.Delete.
func (s *recordRows) remove(key []byte, timeMs int64, seq int32) error {
	seg, r, row, err := s.find(key, timeMs, seq)
	if r == nil {
		return err
	}
	s.version++
	e := seg.entries.at(r.entry)
	if r.state == stored {
		r.state = gone
		s.pin(seg, e)
		s.note(seg, row, erased, toErase)
		return nil
	}
	// Its entry stays pinned until the next freeze, since Undo may want it.
	seg.unlist(e, r)
	r.state = buried
	n := seg.rowBytes(row)
	seg.gaps += n
	s.dirty[r.at].kind = toPass
	s.dirtied -= n
	s.journal = append(s.journal, recordChange{laidBy, recordRef{seg.place, row, toPass}})
	return nil
}

// find is a record that can be seen, nil if there is none, and its number.
func (s *recordRows) find(key []byte, timeMs int64, seq int32) (seg *recordSegment, r *record, row uint32, err error) {
	number := s.layout.Segment(timeMs)
	i := s.seek(number)
	if timeMs < s.needed || i == len(s.segments) || s.segments[i].number != number {
		return nil, nil, 0, nil
	}
	seg = s.segments[i]
	entry, ok, err := s.lookUp(seg, key, s.hash(key), timeMs)
	if !ok || err != nil {
		return nil, nil, 0, err
	}
	r, row = seg.record(seg.entries.at(entry), timeMs, seq)
	if r == nil || r.state == gone {
		return nil, nil, 0, nil
	}
	return seg, r, row, nil
}

// last is Records.Last; r is nil if there is none.
func (s *recordRows) last(key []byte, fromMs, toMs int64) (seg *recordSegment, r *record, err error) {
	first, last, hash := s.layout.Segment(fromMs), s.layout.Segment(toMs), s.hash(key)
	for i := len(s.segments) - 1; i >= 0 && s.segments[i].number >= first; i-- {
		seg := s.segments[i]
		if seg.number > last {
			continue
		}
		entry, ok, err := s.lookUp(seg, key, hash, fromMs)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			continue
		}
		if r := seg.lastUntil(seg.entries.at(entry), toMs); r != nil && r.timeMs >= fromMs {
			return seg, r, nil
		}
	}
	return nil, nil, nil
}

// Bytes is the rough size of the entries by kind. Gaps that are not worth closing
// count as frozen: no Evict gives their memory back.
func (s *recordRows) Bytes() (cleanBytes, dirtyBytes, frozenBytes int64) {
	return s.clean, s.dirtied, s.total - s.clean - s.dirtied
}
