package store

import (
	"slices"

	"github.com/millrace-io/millrace/state"
)

// Prune drops from the batches of the oldest flights, whose numbers are seqs, what
// later ones of them write again: of the writes of a key the last one stays. Which
// that is was noted when later ones were frozen, while their entries were at hand:
// to find it out here would take another look-up for each write.
//
//	flight 1   a b c            flight 2   b d          flight 3   a
//	next       2 1 -                       - -                     -
//	pruned: 1 and 2 are a c | b d, all of them c | b d | a
//
// A write that a flight behind batches supersedes stays: that one may be undone.
// What a batch has beside its entries, such as the deletion of a range, stays in
// its place.
func (s *KeyValue[K, V]) Prune(seqs []uint64, batches []*state.Batch) { s.prune(seqs, batches) }

// companion is another view that writes to the same batches, behind what the first
// one has written, and with the same flights.
type companion interface {
	superseded(i, j, end int) bool
	lose(i, end, before int) int
}

func (s *KeyValue[K, V]) prune(seqs []uint64, batches []*state.Batch, others ...companion) {
	end := 0
	for end < len(s.flights) && s.flights[end].seq <= seqs[len(seqs)-1] {
		end++
	}
	for i := range s.flights[:end] {
		at := slices.Index(seqs, s.flights[i].seq)
		if at < 0 {
			continue // it had nothing to write
		}
		batches[at].Filter(func(j int) bool {
			return !s.superseded(i, j, end) &&
				!slices.ContainsFunc(others, func(o companion) bool { return o.superseded(i, j, end) })
		})
		lost := s.lose(i, end, 0)
		for _, o := range others {
			lost += o.lose(i, end, lost)
		}
	}
}

// superseded says whether write j of the batch of flight i is one of the view
// that is written again before flight end.
func (s *KeyValue[K, V]) superseded(i, j, end int) bool {
	f := &s.flights[i]
	k := j - f.first
	return k >= 0 && k < len(f.next) && f.rewritten(k, i, end)
}

// rewritten says whether entry k of flight i is written again before flight end.
func (f *flight[V]) rewritten(k, i, end int) bool { return f.next[k] != 0 && i+int(f.next[k]) < end }

// lose takes out of flight i what its batch has lost as superseded, of which others
// wrote so much before the view did. It returns how much that is.
func (s *KeyValue[K, V]) lose(i, end, before int) (lost int) {
	f := &s.flights[i]
	n := 0
	for k, e := range f.entries {
		next := f.next[k]
		if f.rewritten(k, i, end) {
			e.pins-- // not the last one: the later flight has another
			continue
		}
		if next == 0 {
			e.at = int32(n)
		}
		f.entries[n], f.next[n] = e, next
		n++
	}
	lost = len(f.entries) - n
	clear(f.entries[n:])
	f.entries, f.next, f.first = f.entries[:n], f.next[:n], f.first-before
	return lost
}

// supersede notes that the flight that is being made has a key which one that
// was not applied has, too.
func (s *KeyValue[K, V]) supersede(e *entry[V]) {
	if e.pins == 0 {
		return
	}
	behind := s.number - e.flight
	s.flights[len(s.flights)-int(behind)].next[e.at] = behind
}

// places is memory for the next of a flight.
func (s *KeyValue[K, V]) places(n int) []uint32 {
	p := s.nexts
	s.nexts = nil
	if cap(p) < n {
		return make([]uint32, n)
	}
	p = p[:n]
	clear(p)
	return p
}
