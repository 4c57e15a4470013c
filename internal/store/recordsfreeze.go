package store

import (
	"slices"

	"github.com/millrace-io/millrace/state"
)

// recordFlight is a frozen transaction whose batch may not be in the base yet.
type recordFlight struct {
	seq    uint64
	first  int // where the writes of records begin in the batch
	refs   []recordRef
	needed int64
	newest uint64 // the last segment that it has rows in
	// recalls are the writes that undo one of an earlier flight, which may not be
	// in the base yet. See Encode.
	recalls []recall
}

// Freeze appends what was added and deleted to b, each record once, in the order
// in which it was written, and pins it until Applied. With it go from when on
// records were needed, and the deletion of segments of which none is. What was
// added and deleted again is not written, nor what is not needed any more. A
// batch that is not empty has a row that is logged.
//
// Freeze ends the current record. Transactions are frozen with increasing seq.
// There is no error.
func (s *recordRows) Freeze(seq uint64, b *state.Batch) error {
	f := recordFlight{seq: seq, first: b.Len(), needed: s.needed}
	if s.known { // else nothing was written
		oldest := s.layout.Segment(s.needed)
		s.encodeDirty(b, oldest)
		s.fly(&f)
		if b.Len() > f.first {
			s.tell(b, oldest)
		}
		s.forget(oldest)
	}
	s.number++
	s.flights = append(s.flights, f)
	s.Mark()
	return nil
}

// encodeDirty writes all dirty rows of live segments to b.
func (s *recordRows) encodeDirty(b *state.Batch, oldest uint64) {
	for i := range s.dirty {
		d := &s.dirty[i]
		if s.table[d.segment].number < oldest && d.kind != toPass {
			d.kind = toSkip
		}
		if d.kind < toSkip {
			s.encode(b, *d)
		}
	}
}

// encode writes a record, or that it is gone, to b.
func (s *recordRows) encode(b *state.Batch, d recordRef) {
	seg := s.table[d.segment]
	r := seg.rows.at(d.row)
	slab := b.Slab()
	before := len(slab)
	slab = s.layout.AppendSegment(slab, seg.number)
	slab = state.VersionRow{Key: seg.key(seg.entries.at(r.entry))}.AppendPrefix(slab)
	slab = s.layout.AppendTimes(slab, r.timeMs, int64(r.seq))
	n := len(slab) - before
	if d.kind == toPut {
		slab = append(slab, seg.value(r)...)
	}
	b.Commit(slab, n, d.kind == toErase, r.timeMs)
}

// fly makes the dirty rows those of a flight.
func (s *recordRows) fly(f *recordFlight) {
	number := s.number + 1
	kept := s.dirty[:0]
	for _, d := range s.dirty {
		seg := s.table[d.segment]
		r := seg.rows.at(d.row)
		if d.kind >= toSkip {
			seg.refs--
			entry := r.entry
			if d.kind == toPass {
				r.state = lost // a gap since it was buried
			}
			s.unpin(seg, entry)
			continue
		}
		at := int32(len(kept))
		if d.kind == toPut {
			r.state = stored
		} else if s.flying(r.flight) {
			f.recalls = append(f.recalls, recall{at, r.flight, r.at})
		}
		r.flight, r.at = number, at
		f.newest = max(f.newest, seg.number)
		kept = append(kept, d)
	}
	f.refs, s.dirtied = slices.Clone(kept), 0
	s.dirty = s.dirty[:0]
}

// flying says whether a flight is one of those that are not in the base. A record
// that comes from there has the number 0, which counts as long ago.
func (s *recordRows) flying(number uint32) bool {
	return s.number-number < uint32(len(s.flights)) && number != 0
}

// tell appends what is known of the time from which on records are needed.
func (s *recordRows) tell(b *state.Batch, oldest uint64) {
	if known := s.layout.Segment(s.settled); known > s.logged {
		state.Records.SetStreamTime(b, s.settled)
		s.logged = known
	}
	if oldest > 0 && (!s.sweptOnce || oldest > s.swept) {
		s.layout.Expire(b, s.needed)
		s.swept, s.sweptOnce = oldest, true
	}
}

// forget drops the segments before one.
func (s *recordRows) forget(oldest uint64) {
	n := 0
	for ; n < len(s.segments) && s.segments[n].number < oldest; n++ {
		s.drop(s.segments[n])
	}
	s.segments = slices.Delete(s.segments, 0, n)
}

// Applied says that the batches up to seq are in the base.
func (s *recordRows) Applied(seq uint64) {
	n := 0
	for ; n < len(s.flights) && s.flights[n].seq <= seq; n++ {
		f := &s.flights[n]
		for _, d := range f.refs {
			s.land(d)
		}
		s.settled = max(s.settled, f.needed)
	}
	s.flights = slices.Delete(s.flights, 0, n)
	for _, seg := range s.segments {
		s.close(seg)
	}
}

// land lets go of a record whose write is in the base, and forgets it if that was
// its deletion.
func (s *recordRows) land(d recordRef) {
	seg := s.table[d.segment]
	seg.refs--
	if seg.dropped {
		if seg.refs == 0 {
			s.free(seg)
		}
		return
	}
	r := seg.rows.at(d.row)
	entry := r.entry
	if d.kind == toErase {
		seg.unlist(seg.entries.at(entry), r)
		s.lose(seg, d.row)
		s.version++
	}
	s.unpin(seg, entry)
}

// Discard forgets everything that is not in the base, and what is known of it.
func (s *recordRows) Discard() {
	s.known, s.sweptOnce, s.live = false, false, 0
	s.segments, s.table, s.vacant = nil, nil, nil
	s.dirty, s.flights, s.journal = nil, nil, nil
	s.spareSpots, s.spareEntries, s.spareRows, s.spareBytes = spots{}, pool[recordEntry]{}, pool[record]{}, pool[byte]{}
	s.total, s.clean, s.dirtied = 0, 0, 0
}
