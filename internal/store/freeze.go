package store

import (
	"slices"

	"github.com/millrace-io/millrace/state"
)

// flight is a frozen transaction whose batch may not be in the base yet.
type flight[V any] struct {
	seq     uint64
	first   int // where the writes of entries begin in the batch
	entries []*entry[V]
	// next is, for each of entries, how many flights later its key is written
	// again; 0 for not yet. See Prune.
	next []uint32
}

// Freeze appends the dirty entries to b as bytes, each key once, in the order
// in which they became dirty, and pins them until Applied. A value has the form
// that the base stores: in state.Timestamped format its event time comes first,
// which the changelog leaves out. What was made and deleted within the
// transaction, and is known to be nowhere else, is not written. In a store with
// a time to live, some of what has expired is deleted first (see sweep).
//
// Freeze ends the current record. Transactions are frozen with increasing seq.
// If a value cannot be encoded, b is what it was and all entries stay dirty.
func (s *KeyValue[K, V]) Freeze(seq uint64, b *state.Batch) error {
	if err := s.dropExpired(); err != nil {
		return err
	}
	first := b.Len()
	if err := s.encodeDirty(b); err != nil {
		return err
	}
	s.detachScans()
	s.number++
	f := flight[V]{seq: seq, first: first, entries: s.dirty[:0]}
	for _, e := range s.dirty {
		if e.pending() {
			s.supersede(e)
			e.pins++
			e.flight, e.at = s.number, int32(len(f.entries))
			e.base = absent
			if e.present {
				e.base = there
			}
			f.entries = append(f.entries, e)
		}
		s.move(e, e.resting())
	}
	clear(s.dirty[len(f.entries):])
	s.dirty, s.spare = s.spare, nil
	f.next = s.places(len(f.entries))
	s.flights = append(s.flights, f)
	s.Mark()
	return nil
}

// encodeDirty writes all dirty entries to b, or none.
func (s *KeyValue[K, V]) encodeDirty(b *state.Batch) (err error) {
	start, done := b.Len(), false
	defer func() {
		if !done { // an error, or the serde panicked
			b.Truncate(start)
		}
	}()
	for _, e := range s.dirty {
		if !e.pending() {
			continue
		}
		slab := append(b.Slab(), e.key...)
		if e.present {
			if slab, err = s.appendStored(slab, &e.content); err != nil {
				return err
			}
		}
		b.Commit(slab, len(e.key), !e.present, e.time)
	}
	done = true
	return nil
}

// Applied says that the batches up to seq are in the base: what no later batch
// has is clean from now on.
func (s *KeyValue[K, V]) Applied(seq uint64) {
	s.detachScans()
	n := 0
	for ; n < len(s.flights) && s.flights[n].seq <= seq; n++ {
		f := &s.flights[n]
		for _, e := range f.entries {
			e.pins--
			if e.kind == frozen {
				s.move(e, e.resting())
			}
		}
		clear(f.entries)
		if cap(f.entries) > cap(s.spare) {
			s.spare = f.entries[:0]
		}
		if cap(f.next) > cap(s.nexts) {
			s.nexts = f.next
		}
	}
	s.flights = slices.Delete(s.flights, 0, n)
}

// Discard forgets everything that is not in the base, and what is known of it.
func (s *KeyValue[K, V]) Discard() {
	s.detachScans()
	s.entries, s.last = newTable[V](), nil
	s.line, s.free = line[*entry[V]]{}, nil
	s.dirty, s.flights, s.spare = nil, nil, nil
	s.pinned.Clear()
	s.bytes = [kinds]int64{}
	s.sweep.reset()
	s.Mark()
}
