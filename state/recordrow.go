package state

import (
	"encoding/binary"
	"fmt"
)

// A store of format Records holds whatever records came with a key and a time:
// what a join of streams looks through. Its rows lie as Segments say, with a
// number in place of FromMs that tells those of equal key and time apart. Their
// values are the values alone: the time is that of the record.
//
//	row        layout, segment, key, time, number = value
//	changelog  key, 8 bytes of the time, 4 bytes of the number = value
//
// Nothing in a row tells when it is no longer needed: that follows from the
// stream time of the operator, which reads another stream as well, and may be
// far behind the latest row. So the operator says from when on rows are needed.
// The store has a row for that time, the one that others have for their stream
// time, and its changelog hears of it by the deletion of a record that never
// was, with the empty key and the number -1. Kafka Streams deletes what it does
// not have, which is nothing.
//
//	rows      0:03 a | 0:05 b | 1:10 a | 1:12 c | 1:14 b
//	          --- not needed --|        ^ 1:05 in the row of the time
//	changelog 0:03 a, 0:05 b, 1:10 a, (1:05), 1:12 c, 1:14 b

// seqLen is how many bytes of a number the changelog has.
const seqLen = 4

// neededSeq is the number of the changelog records that tell from when on rows
// are needed. Kafka Streams counts from 0 to the highest int32.
const neededSeq = -1

// appendRecord appends the key that the changelog has for a row, as Kafka
// Streams' WindowKeySchema writes it.
func appendRecord(dst []byte, r SegmentRow) []byte {
	dst = binary.BigEndian.AppendUint64(append(dst, r.Key...), uint64(r.TimeMs))
	return binary.BigEndian.AppendUint32(dst, uint32(r.FromMs))
}

// decodeRecord takes the key of a changelog record apart; it reports false for
// one that is too short.
func decodeRecord(key []byte) (r SegmentRow, ok bool) {
	n := len(key) - timeLen - seqLen
	if n < 0 {
		return r, false
	}
	return SegmentRow{
		Key:    key[:n:n],
		TimeMs: int64(binary.BigEndian.Uint64(key[n:])),
		FromMs: int64(int32(binary.BigEndian.Uint32(key[n+timeLen:]))),
	}, true
}

// neededRecord is the changelog record that says from when on rows are needed,
// of the row that does; its key is appended to scratch.
func neededRecord(w Write, scratch *[]byte) (Write, error) {
	if len(w.Value) != timeLen {
		return w, fmt.Errorf("the row that says which rows are needed has %d bytes: %w", len(w.Value), errDamaged)
	}
	ms := int64(binary.BigEndian.Uint64(w.Value))
	start := len(*scratch)
	*scratch = appendRecord(*scratch, SegmentRow{TimeMs: ms, FromMs: neededSeq})
	return Write{Key: (*scratch)[start:len(*scratch):len(*scratch)], Delete: true, Time: w.Time}, nil
}

// needed says whether a changelog record tells from when on rows are needed.
func needed(r SegmentRow, record Write) bool {
	return record.Delete && len(r.Key) == 0 && r.FromMs == neededSeq
}

// addRecord is Add for format Records.
func (r *Restoring) addRecord(b *Batch, record Write) {
	row, ok := decodeRecord(record.Key)
	switch {
	case !ok: // none of a record
	case needed(row, record):
		r.advance(row.TimeMs)
	case !r.known || row.TimeMs >= r.streamTime:
		slab := r.segments.AppendKey(b.Slab(), row)
		n := len(slab) - len(b.Slab())
		b.Commit(append(slab, record.Value...), n, record.Delete, record.Time)
	}
}
