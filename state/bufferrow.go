package state

import (
	"encoding/binary"
	"fmt"
)

// BufferRow is a row of a store of format Buffers, which holds entries until
// their time has come. An entry has two rows:
//
//	the entry   01 and the key = the value and 8 bytes of the time
//	its place   00, 8 bytes of the time, their first bit turned, and the key =
//	            nothing
//
// Places sort by time and then by key: what is due lies in front and side by
// side, however many entries wait. An entry has a place at its time or before.
// Others are left behind when it moves or goes, and when the changelog, which
// hears of entries alone, is read back; whoever comes by cleans them up.
//
//	places 0:05 a | 0:05 c | 0:07 b        entries  a = .. 0:05
//	       ^ a is due                               b = .. 0:07
//	                ^ left behind
type BufferRow struct {
	Key    []byte
	TimeMs int64
	// Place says that the row is a place, and not the entry itself.
	Place bool
}

// What the key of a row begins with. All places lie before all entries.
const (
	placeRow = 0
	entryRow = 1
)

// timeLen is how many bytes a time takes.
const timeLen = 8

// AppendKey appends the row's key. That of an entry does not depend on TimeMs.
func (r BufferRow) AppendKey(dst []byte) []byte {
	if !r.Place {
		return append(append(dst, entryRow), r.Key...)
	}
	return append(binary.BigEndian.AppendUint64(append(dst, placeRow), uint64(r.TimeMs)^1<<63), r.Key...)
}

// DecodeKey takes a row's key apart. Key aliases it; TimeMs is 0 for an entry,
// whose value has it.
func (r *BufferRow) DecodeKey(key []byte) error {
	switch {
	case len(key) > 0 && key[0] == entryRow:
		*r = BufferRow{Key: key[1:len(key):len(key)]}
	case len(key) > timeLen && key[0] == placeRow:
		key = key[1:len(key):len(key)]
		*r = BufferRow{Key: key[timeLen:], TimeMs: int64(binary.BigEndian.Uint64(key) ^ 1<<63), Place: true}
	default:
		return fmt.Errorf("the key of a row has %d bytes and is none of a buffer: %w", len(key), errDamaged)
	}
	return nil
}

// DecodeValue takes the value of an entry apart. The result aliases it; ok is
// false if it has no room for a time.
func (r *BufferRow) DecodeValue(b []byte) (value []byte, ok bool) {
	n := len(b) - timeLen
	if n < 0 {
		return nil, false
	}
	r.TimeMs = int64(binary.BigEndian.Uint64(b[n:]))
	return b[:n:n], true
}

// AppendTime appends what the value of an entry ends with.
func (r BufferRow) AppendTime(dst []byte) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(r.TimeMs))
}

// restoreBuffer appends to b what a changelog record does to a store of format
// Buffers. It leaves out one whose value has no room for a time.
func restoreBuffer(b *Batch, record Write) {
	r := BufferRow{Key: record.Key}
	if _, ok := r.DecodeValue(record.Value); !ok && !record.Delete {
		return
	}
	slab := r.AppendKey(b.Slab())
	n := len(slab) - len(b.Slab())
	b.Commit(append(slab, record.Value...), n, record.Delete, record.Time)
	if r.Place = !record.Delete; r.Place {
		slab = r.AppendKey(b.Slab())
		b.Commit(slab, len(slab)-len(b.Slab()), false, record.Time)
	}
}

// LogHeader is the header that changelog records with a value have, if the
// format has one: for Buffers the version of the value's layout, by which Kafka
// Streams knows it.
func (f Format) LogHeader() (key string, value []byte, ok bool) {
	if f != Buffers {
		return "", nil, false
	}
	return "v", []byte{3}, true
}
