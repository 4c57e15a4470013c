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
	sorted  bool // by Sort, and nothing was added since
	fold    folding
}

// batchEntry is where a write lies in the slab. Small: there are as many as
// there are rows.
type batchEntry struct {
	off      int
	time     int64
	key, val int32 // lengths; val is gone for a delete, or turned by ^ if the write is a range
}

func (e *batchEntry) span() bool { return e.val < 0 && e.val != gone }

// keyEnd and end are where the key ends, and what follows it.
func (e *batchEntry) keyEnd() int { return e.off + int(e.key) }
func (e *batchEntry) end() int {
	switch {
	case e.val >= 0:
		return e.keyEnd() + int(e.val)
	case e.val == gone:
		return e.keyEnd()
	}
	return e.keyEnd() + int(^e.val)
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
	b.slab, b.sorted = slab, false
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

// Add adds a write of another batch, whose bytes are copied.
func (b *Batch) Add(w Write) {
	switch {
	case w.To != nil:
		b.DeleteRange(w.Key, w.To)
	case w.Delete:
		b.Delete(w.Key, w.Time)
	default:
		b.Set(w.Key, w.Value, w.Time)
	}
}

// DeleteRange adds the deletion of all keys in [from, to), which are copied. It
// costs the same however many they are, on disk at least. No changelog hears
// of it.
func (b *Batch) DeleteRange(from, to []byte) {
	b.entries = append(b.entries, batchEntry{off: len(b.slab), key: int32(len(from)), val: ^int32(len(to))})
	b.slab, b.sorted = append(append(b.slab, from...), to...), false
	if b.slab == nil {
		b.slab = []byte{} // of which an empty end is no null
	}
}

// Filter drops the writes for which keep returns false; it is asked once for each,
// in order.
func (b *Batch) Filter(keep func(i int) bool) {
	slab, left := b.slab[:0], 0
	for i, e := range b.entries {
		if !keep(i) {
			continue
		}
		from := b.bytes(i)
		e.off = len(slab)
		slab = append(slab, from...)
		b.entries[left] = e
		left++
	}
	b.slab, b.entries = slab, b.entries[:left]
	b.fold.forget()
}

// Clip returns a copy that has memory for what is in b and no more; ok is false, and
// nothing is copied, if that would spare less than half of it.
func (b *Batch) Clip() (clipped Batch, ok bool) {
	if held := int64(cap(b.slab)) + int64(cap(b.entries))*int64(unsafe.Sizeof(batchEntry{})); 2*b.Memory() >= held {
		return clipped, false
	}
	return Batch{slab: slices.Clone(b.slab), entries: slices.Clone(b.entries), sorted: b.sorted}, true
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
	e := &b.entries[i]
	keyEnd, end := e.keyEnd(), e.end()
	w := Write{Key: b.slab[e.off:keyEnd:keyEnd], Time: e.time}
	switch rest := b.slab[keyEnd:end:end]; {
	case e.val >= 0:
		w.Value = rest
	case e.val == gone:
		w.Delete = true
	default:
		w.Delete, w.To = true, rest
	}
	return w
}

// pair returns the key and the value of write i as one string.
func (b *Batch) pair(i int) string {
	return string(b.bytes(i))
}

// bytes are those of write i in the slab.
func (b *Batch) bytes(i int) []byte {
	e := &b.entries[i]
	return b.slab[e.off:e.end()]
}

// Truncate drops all writes but the first n. The batch must not have been
// sorted or folded.
func (b *Batch) Truncate(n int) {
	if n < len(b.entries) {
		b.slab, b.entries = b.slab[:b.entries[n].off], b.entries[:n]
	}
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.slab, b.entries, b.sorted = b.slab[:0], b.entries[:0], false
	b.fold.forget()
}
