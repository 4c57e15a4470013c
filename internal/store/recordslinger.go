package store

import (
	"slices"

	"github.com/millrace-io/millrace/state"
)

// recall is the place of a deletion in its flight, and that of what it deletes in
// another one.
type recall struct {
	at     int32
	flight uint32
	of     int32
}

// Release copies to rest what the batch of a flight that has committed has beside
// its records, such as the deletion of a range. Those stay with the view alone: most
// of what a join keeps for a short time never goes to the store.
func (s *recordRows) Release(seq uint64, b, rest *state.Batch) {
	s.committed(seq)
	for i := range s.flights {
		f := &s.flights[i]
		if f.seq != seq {
			continue
		}
		for j := range b.Len() {
			if j < f.first || j >= f.first+len(f.refs) {
				rest.Add(b.At(j))
			}
		}
		return
	}
}

// Encode adds to what Release has left of the oldest flights, whose numbers are
// seqs, the records that the store needs: not one that a flight has added and
// another one deleted, nor one that is not needed any more after the last of them,
// or after what is known to have committed. There is no error.
func (s *recordRows) Encode(seqs []uint64, rests []*state.Batch) error {
	end := seqs[len(seqs)-1]
	live, passed, oldest := s.liveAfter(end), s.recalled(end), s.oldest()
	for i := range s.flights {
		f := &s.flights[i]
		n := slices.Index(seqs, f.seq)
		if n < 0 {
			continue
		}
		for k := range f.refs {
			d := f.refs[k]
			if s.table[d.segment].number < live || passed[recordPlace{oldest + uint32(i), int32(k)}] {
				continue
			}
			s.encode(rests[n], d)
		}
	}
	return nil
}

// recordPlace is a number of a flight and a place in it.
type recordPlace struct {
	flight uint32
	at     int32
}

// recalled are the writes up to a frozen transaction that undo one another.
func (s *recordRows) recalled(end uint64) map[recordPlace]bool {
	var passed map[recordPlace]bool
	oldest := s.oldest()
	for i := 0; i < len(s.flights) && s.flights[i].seq <= end; i++ {
		for _, r := range s.flights[i].recalls {
			if r.flight-oldest >= uint32(len(s.flights)) {
				continue // it was applied since
			}
			if passed == nil {
				passed = map[recordPlace]bool{}
			}
			passed[recordPlace{r.flight, r.of}] = true
			passed[recordPlace{oldest + uint32(i), r.at}] = true
		}
	}
	return passed
}

// oldest is the number of the oldest flight.
func (s *recordRows) oldest() uint32 { return s.number + 1 - uint32(len(s.flights)) }

// Lingers returns the first frozen transaction that has written records which are
// needed after another one, the last that has committed. What is not needed then
// goes to no batch of a later Encode.
func (s *recordRows) Lingers(committed uint64) (seq uint64, ok bool) {
	s.committed(committed)
	for i := range s.flights {
		f := &s.flights[i]
		if f.seq <= committed && len(f.refs) > 0 && f.newest >= s.live {
			return f.seq, true
		}
	}
	return 0, false
}

// committed gives away the memory of segments that no batch will have, once a frozen
// transaction has committed.
func (s *recordRows) committed(seq uint64) {
	live := s.liveAfter(seq)
	if live <= s.live {
		return
	}
	s.live = live
	for _, seg := range s.table {
		if seg != nil && seg.dropped && !seg.freed {
			s.free(seg)
		}
	}
}

// liveAfter is the first segment of which records are needed after a frozen
// transaction, or after what is known to have committed.
func (s *recordRows) liveAfter(seq uint64) uint64 {
	live := s.live
	for i := 0; i < len(s.flights) && s.flights[i].seq <= seq; i++ {
		live = max(live, s.layout.Segment(s.flights[i].needed))
	}
	return live
}
