package state

import "hash/maphash"

// folding is what Fold knows of the writes before.
type folding struct {
	writes int // that are folded
	// index finds them: the hash of a key, 32 bits, and the number of its write
	// plus one; 0 if empty. The length is a power of two.
	index []uint64
	touch uint64
	ranks []rank // memory for Sort
}

// foldGroup is how many writes are folded at once. Looking up a key waits for
// memory three times; in a group, the writes wait together.
const foldGroup = 64

var foldSeed = maphash.MakeSeed()

// Fold merges the writes since the last Fold with those before: of a key that
// occurs again only the last write is kept, in the place of the first. That
// pays when many are expected to. No range may have been deleted so far.
func (b *Batch) Fold() {
	to, slab := b.fold.writes, b.slab
	end := 0 // of the slab that is kept
	if to < len(b.entries) {
		end = b.entries[to].off
	}
	for from := to; from < len(b.entries); from += foldGroup {
		group := b.entries[from:min(from+foldGroup, len(b.entries))]
		if need := 4 * (to + len(group)); need > 3*len(b.fold.index) {
			b.fold.grow(need)
		}
		hashes := b.touchGroup(group)
		for n, e := range group {
			key, size := slab[e.off:e.keyEnd()], e.end()-e.off
			i, row, ok := b.find(hashes[n], key)
			if ok {
				old := &b.entries[row]
				if old.end()-old.off == size {
					// As good as always: the bytes of the older write serve again.
					copy(slab[old.off:], slab[e.off:e.off+size])
					e.off = old.off
					*old = e
					continue
				}
			}
			copy(slab[end:], slab[e.off:e.off+size])
			e.off = end
			end += size
			if ok {
				b.entries[row] = e
				continue
			}
			b.entries[to] = e
			to++
			b.fold.index[i] = hashes[n]<<32 | uint64(to)
		}
	}
	if to < len(b.entries) {
		b.slab, b.sorted = slab[:end], false
	}
	b.entries, b.fold.writes = b.entries[:to], to
}

// touchGroup hashes the keys of a group and brings near what find will look at.
func (b *Batch) touchGroup(group []batchEntry) (hashes [foldGroup]uint64) {
	var rows [foldGroup]uint64
	index, mask := b.fold.index, uint64(len(b.fold.index)-1)
	for n, e := range group {
		hashes[n] = maphash.Bytes(foldSeed, b.slab[e.off:e.keyEnd()]) >> 32
	}
	for n := range group {
		rows[n] = index[hashes[n]&mask]
	}
	for n := range group {
		if rows[n]>>32 == hashes[n] && rows[n] != 0 {
			rows[n] = uint64(b.entries[uint32(rows[n])-1].off)
		} else {
			rows[n] = 0
		}
	}
	for n := range group {
		if rows[n] < uint64(len(b.slab)) {
			b.fold.touch += uint64(b.slab[rows[n]])
		}
	}
	return hashes
}

// find returns where the index has a key, or would have it, and its write.
func (b *Batch) find(hash uint64, key []byte) (i, row uint64, ok bool) {
	mask := uint64(len(b.fold.index) - 1)
	for i = hash & mask; ; i = (i + 1) & mask {
		e := b.fold.index[i]
		if e == 0 {
			return i, 0, false
		}
		if e>>32 != hash {
			continue
		}
		row = uint64(uint32(e)) - 1
		if at := &b.entries[row]; string(b.slab[at.off:at.keyEnd()]) == string(key) {
			return i, row, true
		}
	}
}

// grow makes an index of at least n places.
func (f *folding) grow(n int) {
	size := max(1024, 2*len(f.index))
	for size < n {
		size *= 2
	}
	old := f.index
	f.index = make([]uint64, size)
	mask := uint64(size - 1)
	for _, e := range old {
		if e == 0 {
			continue
		}
		i := e >> 32 & mask
		for f.index[i] != 0 {
			i = (i + 1) & mask
		}
		f.index[i] = e
	}
}

// forget empties the index and keeps its memory.
func (f *folding) forget() {
	if f.writes > 0 {
		clear(f.index)
		f.writes = 0
	}
}
