package state

import (
	"math"
	"slices"
	"unsafe"
)

// Batch is a list of writes to one store, in order. Its bytes lie in one slab.
// The zero value is an empty batch; Reset makes it empty again and keeps the
// memory.
type Batch struct {
	slab    []byte
	entries []batchEntry
}

// batchEntry is where a write lies in the slab. Small: there are as many as
// there are rows.
type batchEntry struct {
	off      int
	time     int64
	key, val int32 // lengths; val is gone for a delete, or turned by ^ if the write is a range
}

// gone is the length of the value of a deletion. No range has it: its end would
// be longer than a slab.
const gone = math.MinInt32

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
	e := batchEntry{off: len(b.slab), key: int32(keyLen), val: int32(len(slab) - len(b.slab) - keyLen), time: timeMs}
	if del {
		e.val = gone
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
	b.entries = append(b.entries, batchEntry{off: len(b.slab), key: int32(len(from)), val: ^int32(len(to))})
	b.slab = append(append(b.slab, from...), to...)
}

// Copy adds write i of another batch.
func (b *Batch) Copy(from *Batch, i int) {
	e := from.entries[i]
	e.off = len(b.slab)
	b.slab = append(b.slab, from.bytes(i)...)
	b.entries = append(b.entries, e)
}

// Len is the number of writes.
func (b *Batch) Len() int { return len(b.entries) }

// Bytes is the size of all keys and values.
func (b *Batch) Bytes() int { return len(b.slab) }

// Memory is roughly what the batch takes.
func (b *Batch) Memory() int64 {
	return int64(len(b.slab)) + int64(len(b.entries))*int64(unsafe.Sizeof(batchEntry{}))
}

// At returns write i.
func (b *Batch) At(i int) Write {
	e := b.entries[i]
	at := e.off + int(e.key)
	w := Write{Key: b.slab[e.off:at:at], Time: e.time}
	switch {
	case e.val >= 0:
		end := at + int(e.val)
		w.Value = b.slab[at:end:end]
	case e.val == gone:
		w.Delete = true
	default:
		end := at + int(^e.val)
		w.Delete, w.To = true, b.slab[at:end:end]
	}
	return w
}

// pair returns the key and the value of write i as one string.
func (b *Batch) pair(i int) string {
	return string(b.bytes(i))
}

// bytes are those of write i in the slab.
func (b *Batch) bytes(i int) []byte {
	end := len(b.slab)
	if i+1 < len(b.entries) {
		end = b.entries[i+1].off
	}
	return b.slab[b.entries[i].off:end]
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
