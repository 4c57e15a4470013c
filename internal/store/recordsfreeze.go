package store

import (
	"slices"

	"github.com/millrace-io/millrace/state"
)

// recordFlight is a frozen transaction whose batch may not be in the base yet.
type recordFlight[V any] struct {
	seq    uint64
	first  int // where the writes of records begin in the batch
	refs   []recordRef[V]
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
// If a value cannot be encoded, b is what it was and all stays dirty.
func (s *Records[K, V]) Freeze(seq uint64, b *state.Batch) error {
	f := recordFlight[V]{seq: seq, first: b.Len(), needed: s.needed}
	if s.known { // else nothing was written
		oldest := s.layout.Segment(s.needed)
		if err := s.encodeDirty(b, oldest); err != nil {
			return err
		}
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

// encodeDirty writes all dirty rows of live segments to b, or none. It makes found
// the records of the dirty list, nil for one that needs not be written.
func (s *Records[K, V]) encodeDirty(b *state.Batch, oldest uint64) (err error) {
	start, done := b.Len(), false
	defer func() {
		if !done { // an error, or the serde panicked
			b.Truncate(start)
		}
	}()
	s.found = s.found[:0]
	for i := range s.dirty {
		d := &s.dirty[i]
		if d.kind == toPass || d.e.segment.number < oldest {
			s.found = append(s.found, nil)
			continue
		}
		r := d.e.rows.find(d.timeMs, d.seq)
		s.found = append(s.found, r)
		if err := s.encode(b, d, r); err != nil {
			return err
		}
	}
	done = true
	return nil
}

// encode writes a record, or that it is gone, to b.
func (s *Records[K, V]) encode(b *state.Batch, d *recordRef[V], r *record[V]) (err error) {
	slab := b.Slab()
	before := len(slab)
	slab = s.layout.AppendSegment(slab, d.e.segment.number)
	slab = state.VersionRow{Key: d.e.bytes()}.AppendPrefix(slab)
	slab = s.layout.AppendTimes(slab, d.timeMs, int64(d.seq))
	n := len(slab) - before
	if d.kind == toPut {
		if slab, err = s.appendTaken(slab, &r.value, r.raw); err != nil {
			return err
		}
	}
	b.Commit(slab, n, d.kind == toErase, d.timeMs)
	return nil
}

// fly makes the dirty rows those of a flight.
func (s *Records[K, V]) fly(f *recordFlight[V]) {
	number := s.number + 1
	kept := s.dirty[:0]
	for i, d := range s.dirty {
		r := s.found[i]
		if r == nil {
			s.unpin(d.e)
			continue
		}
		at := int32(len(kept))
		if d.kind == toPut {
			r.state = stored
		} else if s.flying(r.flight) {
			f.recalls = append(f.recalls, recall{at, r.flight, r.at})
		}
		r.flight, r.at = number, at
		f.newest = max(f.newest, d.e.segment.number)
		kept = append(kept, d)
	}
	clear(s.found)
	clear(s.dirty[len(kept):])
	f.refs, s.dirtied = kept, 0
	s.dirty, s.spare = s.spare, nil
}

// flying says whether a flight is one of those that are not in the base. A record
// that comes from there has the number 0, which counts as long ago.
func (s *Records[K, V]) flying(number uint32) bool {
	return s.number-number < uint32(len(s.flights)) && number != 0
}

// tell appends what is known of the time from which on records are needed.
func (s *Records[K, V]) tell(b *state.Batch, oldest uint64) {
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
func (s *Records[K, V]) forget(oldest uint64) {
	n := 0
	for ; n < len(s.segments) && s.segments[n].number < oldest; n++ {
		s.drop(s.segments[n])
	}
	s.segments = slices.Delete(s.segments, 0, n)
}

// Applied says that the batches up to seq are in the base.
func (s *Records[K, V]) Applied(seq uint64) {
	n := 0
	for ; n < len(s.flights) && s.flights[n].seq <= seq; n++ {
		f := &s.flights[n]
		for _, d := range f.refs {
			if d.kind == toErase {
				s.bury(&d)
			}
			s.unpin(d.e)
		}
		clear(f.refs)
		if cap(f.refs) > cap(s.spare) {
			s.spare = f.refs[:0]
		}
		s.settled = max(s.settled, f.needed)
	}
	s.flights = slices.Delete(s.flights, 0, n)
}

// bury forgets a record whose deletion is in the base.
func (s *Records[K, V]) bury(d *recordRef[V]) {
	r := d.e.rows.find(d.timeMs, d.seq)
	if !d.e.segment.dropped {
		s.count(d.e, -int64(r.size))
	}
	d.e.rows.remove(d.timeMs, d.seq)
	s.version++
}

// Discard forgets everything that is not in the base, and what is known of it.
func (s *Records[K, V]) Discard() {
	s.known, s.sweptOnce, s.live = false, false, 0
	s.segments, s.dirty, s.flights, s.spare, s.free = nil, nil, nil, nil, nil
	s.journal, s.graves, s.found = nil, nil, nil
	s.spareSlots, s.spareLine = slots[recordEntry[V]]{}, line[recordEntry[V]]{}
	s.total, s.clean, s.dirtied = 0, 0, 0
}

// Bytes is the rough size of the entries by kind.
func (s *Records[K, V]) Bytes() (cleanBytes, dirtyBytes, frozenBytes int64) {
	return s.clean, s.dirtied, s.total - s.clean - s.dirtied
}
