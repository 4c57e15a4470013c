package state

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// Sorted reports whether the batch is as Sort leaves it.
func (b *Batch) Sorted() bool { return b.sorted }

// rank is where a write stands in the order of keys.
type rank struct {
	head uint64 // the first bytes of the key behind those that all keys share
	i    uint32
}

// Sort brings the writes into the order of their keys and keeps the last of
// each key, so that the batch does the same: deletions of ranges come first, in
// order and apart from each other, and what they delete of the batch is dropped.
func (b *Batch) Sort() {
	if b.sorted {
		return
	}
	spans := b.spans()
	ranks := b.ranks()
	slices.SortFunc(ranks, func(x, y rank) int {
		if c := cmp.Compare(x.head, y.head); c != 0 {
			return c
		}
		return cmp.Or(bytes.Compare(b.keyOf(x.i), b.keyOf(y.i)), cmp.Compare(x.i, y.i))
	})
	var dropped []rank
	kept := ranks[:0]
	for n, r := range ranks {
		later := n+1 < len(ranks) && ranks[n+1].head == r.head && bytes.Equal(b.keyOf(r.i), b.keyOf(ranks[n+1].i))
		if later || b.covered(r.i, spans) {
			dropped = append(dropped, r)
		} else {
			kept = append(kept, r)
		}
	}
	apart := b.apart(spans)
	for _, i := range spans {
		dropped = append(dropped, rank{i: i})
	}
	b.arrange(append(kept, dropped...))
	b.entries = slices.Insert(b.entries[:len(kept)], 0, apart...)
	b.sorted = true
	b.fold.forget()
}

// arrange brings the entries into the order of ranks, which has all of them, and
// needs no other array for that: it goes round each cycle of the permutation.
func (b *Batch) arrange(ranks []rank) {
	for start := range ranks {
		first, at := b.entries[start], uint32(start)
		for {
			from := ranks[at].i
			ranks[at].i = at // done
			if from == uint32(start) {
				b.entries[at] = first
				break
			}
			b.entries[at] = b.entries[from]
			at = from
		}
	}
}

// ranks are the writes of single keys. Keys of a store often begin alike, and
// comparing what comes behind that as a number spares most looks into the slab.
func (b *Batch) ranks() []rank {
	ranks := slices.Grow(b.fold.ranks[:0], len(b.entries))
	var first []byte
	shared := -1
	for i, e := range b.entries {
		if e.span() {
			continue
		}
		key := b.slab[e.off:e.keyEnd()]
		if shared < 0 {
			first, shared = key, len(key)
		}
		shared = min(shared, len(key))
		if !bytes.Equal(first[:shared], key[:shared]) {
			for n := range shared {
				if first[n] != key[n] {
					shared = n
					break
				}
			}
		}
		ranks = append(ranks, rank{i: uint32(i)})
	}
	for n := range ranks {
		var head [8]byte
		copy(head[:], b.keyOf(ranks[n].i)[shared:])
		ranks[n].head = binary.BigEndian.Uint64(head[:])
	}
	b.fold.ranks = ranks
	return ranks
}

func (b *Batch) keyOf(i uint32) []byte {
	e := &b.entries[i]
	return b.slab[e.off:e.keyEnd()]
}

// spans are the indices of the deletions of ranges.
func (b *Batch) spans() []uint32 {
	var spans []uint32
	for i := range b.entries {
		if b.entries[i].span() {
			spans = append(spans, uint32(i))
		}
	}
	return spans
}

// apart returns deletions of ranges that do not overlap and do the same.
func (b *Batch) apart(spans []uint32) (apart []batchEntry) {
	ends := func(i uint32) []byte { return b.At(int(i)).To }
	byStart := slices.DeleteFunc(slices.Clone(spans), func(i uint32) bool { // those of nothing
		return bytes.Compare(b.keyOf(i), ends(i)) >= 0
	})
	slices.SortFunc(byStart, func(x, y uint32) int { return bytes.Compare(b.keyOf(x), b.keyOf(y)) })
	for len(byStart) > 0 {
		first := byStart[0]
		last := first // the one that ends last
		n := 1
		for n < len(byStart) && bytes.Compare(b.keyOf(byStart[n]), ends(last)) <= 0 {
			if bytes.Compare(ends(byStart[n]), ends(last)) > 0 {
				last = byStart[n]
			}
			n++
		}
		byStart = byStart[n:]
		e := b.entries[first]
		if last != first {
			from, to := b.keyOf(first), ends(last)
			e.off, e.val = len(b.slab), ^int32(len(to))
			b.slab = append(append(b.slab, from...), to...)
		}
		apart = append(apart, e)
	}
	return apart
}

// covered reports whether a later deletion of a range takes write i away.
func (b *Batch) covered(i uint32, spans []uint32) bool {
	for _, s := range spans {
		if s < i {
			continue
		}
		w := b.At(int(s))
		if key := b.keyOf(i); bytes.Compare(key, w.Key) >= 0 && bytes.Compare(key, w.To) < 0 {
			return true
		}
	}
	return false
}
