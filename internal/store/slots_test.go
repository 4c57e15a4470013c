package store

import (
	"maps"
	"testing"

	"pgregory.net/rapid"
)

// Hashes are few and close to each other, or to the end of the slots, so that
// several entries have the same and others stand in their way.
func TestSlotsShowAllEntriesOfAHash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s slots[int]
		hashes := []uint64{0, 1, 2, 3, 7, 8, 15, 1 << 40, 1<<64 - 1}
		want := map[uint64]map[*int]bool{}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			hash := rapid.SampledFrom(hashes).Draw(t, "hash")
			if e, _ := s.next(hash, hash); e != nil && rapid.Bool().Draw(t, "remove") {
				s.remove(hash, e)
				delete(want[hash], e)
				continue
			}
			e := new(int)
			s.add(hash, e)
			if want[hash] == nil {
				want[hash] = map[*int]bool{}
			}
			want[hash][e] = true
		}
		for _, hash := range hashes {
			got := map[*int]bool{}
			for e, i := s.next(hash, hash); e != nil; e, i = s.next(hash, i) {
				got[e] = true
			}
			if !maps.Equal(got, want[hash]) {
				t.Fatalf("%d entries of %x, want %d", len(got), hash, len(want[hash]))
			}
		}
	})
}

// The same for spots.
func TestSpotsShowAllRowsOfAHash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s spots
		s.room()
		hashes := []uint32{0, 1, 2, 3, 7, 8, 15, 1 << 20, 1<<32 - 1}
		want := map[uint32]map[uint32]bool{}
		for at := range uint32(rapid.IntRange(0, 60).Draw(t, "steps")) {
			hash := rapid.SampledFrom(hashes).Draw(t, "hash")
			if p, _ := s.find(hash, hash); p.at != 0 && rapid.Bool().Draw(t, "remove") {
				delete(want[hash], p.at)
				s.remove(*p)
				continue
			}
			s.add(spot{hash, at + 1})
			if want[hash] == nil {
				want[hash] = map[uint32]bool{}
			}
			want[hash][at+1] = true
		}
		for _, hash := range hashes {
			got := map[uint32]bool{}
			for p, i := s.find(hash, hash); p.at != 0; p, i = s.find(hash, i) {
				got[p.at] = true
			}
			if !maps.Equal(got, want[hash]) {
				t.Fatalf("%d rows of %x, want %d", len(got), hash, len(want[hash]))
			}
		}
	})
}
