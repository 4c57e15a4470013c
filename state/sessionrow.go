package state

import "encoding/binary"

// appendSession appends the key that the changelog has for a session: the key,
// 8 bytes of its end and 8 of its start, as Kafka Streams' SessionKeySchema
// writes them.
func appendSession(dst []byte, r SegmentRow) []byte {
	dst = binary.BigEndian.AppendUint64(append(dst, r.Key...), uint64(r.TimeMs))
	return binary.BigEndian.AppendUint64(dst, uint64(r.FromMs))
}

// decodeSession takes the key of a changelog record apart; it reports false for
// one that is too short to be of a session.
func decodeSession(key []byte) (r SegmentRow, ok bool) {
	n := len(key) - timesLen
	if n < 0 {
		return r, false
	}
	return SegmentRow{
		Key:    key[:n:n],
		TimeMs: int64(binary.BigEndian.Uint64(key[n:])),
		FromMs: int64(binary.BigEndian.Uint64(key[n+8:])),
	}, true
}

// decodeRow takes the key of a changelog record of a format with Segments
// apart; it reports false for one that is too short.
func (f Format) decodeRow(key []byte) (SegmentRow, bool) {
	if f&^byTime == Sessions {
		return decodeSession(key)
	}
	var w WindowRow
	ok := w.decodeLogged(key)
	return SegmentRow{Key: w.Key, TimeMs: w.StartMs}, ok
}

// restore appends to b what the changelog record of a row does to the store.
func (s Segments) restore(b *Batch, r SegmentRow, record Write) {
	slab := s.AppendKey(b.Slab(), r)
	n := len(slab) - len(b.Slab())
	if !record.Delete {
		slab = binary.BigEndian.AppendUint64(slab, uint64(record.Time))
		slab = append(slab, record.Value...)
	}
	b.Commit(slab, n, record.Delete, record.Time)
	if s.byTime {
		slab = s.AppendIndex(b.Slab(), r)
		b.Commit(slab, len(slab)-len(b.Slab()), record.Delete, record.Time)
	}
}
