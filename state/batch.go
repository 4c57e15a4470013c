package state

import "slices"

// Batch is a list of writes to one store, in order. Its bytes lie in one slab.
// The zero value is an empty batch; Reset makes it empty again and keeps the
// memory.
type Batch struct {
	slab    []byte
	entries []batchEntry
}

type batchEntry struct {
	off, key, val int // val is -1 for a delete
	span          bool
	time          int64
}

// Write is one write of a Batch. Its slices are valid until the batch is reset
// or appended to.
type Write struct {
	Key    []byte
	Value  []byte
	Delete bool
	// To is set if the write deletes all keys in [Key, To).
	To []byte
	// Time is the time of the write's changelog record, in milliseconds.
	Time int64
}

// Grow makes room for writes more writes with bytes of keys and values.
func (b *Batch) Grow(writes, bytes int) {
	b.entries = slices.Grow(b.entries, writes)
	b.slab = slices.Grow(b.slab, bytes)
}

// Slab returns the memory to append the next write's key and value to. Hand
// the result to Commit. Set and Delete are the simpler way for bytes at hand.
func (b *Batch) Slab() []byte { return b.slab }

// Commit adds the write whose key and value (keyLen and the rest) were appended
// to Slab; del says that there is no value.
func (b *Batch) Commit(slab []byte, keyLen int, del bool, timeMs int64) {
	e := batchEntry{off: len(b.slab), key: keyLen, val: len(slab) - len(b.slab) - keyLen, time: timeMs}
	if del {
		e.val = -1
	}
	if slab == nil {
		slab = []byte{} // of which an empty key or value is no null
	}
	b.slab = slab
	b.entries = append(b.entries, e)
}

// Set adds a write of value under key; both are copied.
func (b *Batch) Set(key, value []byte, timeMs int64) {
	b.Commit(append(append(b.slab, key...), value...), len(key), false, timeMs)
}

// Delete adds the deletion of key, which is copied.
func (b *Batch) Delete(key []byte, timeMs int64) {
	b.Commit(append(b.slab, key...), len(key), true, timeMs)
}

// DeleteRange adds the deletion of all keys in [from, to), which are copied. It
// costs the same however many they are, on disk at least. No changelog hears
// of it.
func (b *Batch) DeleteRange(from, to []byte) {
	b.entries = append(b.entries, batchEntry{off: len(b.slab), key: len(from), val: len(to), span: true})
	b.slab = append(append(b.slab, from...), to...)
}

// Len is the number of writes.
func (b *Batch) Len() int { return len(b.entries) }

// Bytes is the size of all keys and values.
func (b *Batch) Bytes() int { return len(b.slab) }

// At returns write i.
func (b *Batch) At(i int) Write {
	e := b.entries[i]
	w := Write{Key: b.slab[e.off : e.off+e.key : e.off+e.key], Time: e.time}
	if e.val < 0 {
		w.Delete = true
		return w
	}
	end := e.off + e.key + e.val
	rest := b.slab[e.off+e.key : end : end]
	if e.span {
		w.Delete, w.To = true, rest
		return w
	}
	w.Value = rest
	return w
}

// pair returns the key and the value of write i as one string.
func (b *Batch) pair(i int) string {
	e := b.entries[i]
	return string(b.slab[e.off : e.off+e.key+max(e.val, 0)])
}

// Truncate drops all writes but the first n.
func (b *Batch) Truncate(n int) {
	if n < len(b.entries) {
		b.slab, b.entries = b.slab[:b.entries[n].off], b.entries[:n]
	}
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.slab, b.entries = b.slab[:0], b.entries[:0]
}
