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
func (s *KeyValue[K, V]) Prune(seqs []uint64, batches []*state.Batch) {
	s.prune(s.superseded, seqs, batches)
}

// prune is Prune for a view of which others write to the same batches: superseded
// says whether write j of flight i is written again before flight end.
func (s *KeyValue[K, V]) prune(superseded func(i, j, end int) bool, seqs []uint64, batches []*state.Batch) {
	end := 0
	for end < len(s.flights) && s.flights[end].seq <= seqs[len(seqs)-1] {
		end++
	}
	for i, f := range s.flights[:end] {
		if at := slices.Index(seqs, f.seq); at >= 0 { // else it had nothing to write
			batches[at].Filter(func(j int) bool { return !superseded(i, j, end) })
		}
	}
}

// superseded says whether write j of the batch of flight i is one of the view
// that is written again before flight end.
func (s *KeyValue[K, V]) superseded(i, j, end int) bool {
	f := &s.flights[i]
	k := j - f.first
	return k >= 0 && k < len(f.next) && f.next[k] != 0 && i+int(f.next[k]) < end
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
