package state

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"time"
)

// SegmentRow is a row of a store whose rows are looked for by key within a span
// of time, such as one of format Sessions.
type SegmentRow struct {
	Key []byte
	// TimeMs is the time by which the row is looked for and expires: the end of
	// a session.
	TimeMs int64
	// FromMs tells it from others of equal key and time: the start of a session,
	// the number of a record.
	FromMs int64
}

// Segments is how the rows of such a store lie. Time is cut into segments, of
// which few are alive: a key's rows in a span of time are one look-up in each,
// and what has expired goes by the segment, as in Kafka Streams.
//
//	0:00 - 1:04               1:04 - 2:08        2:08 - 3:12
//	a 0:03 | a 0:15 | b 0:07  a 1:40 | c 1:33    b 2:10
//	-------- expired --------|
//
// Their bytes are
//
//	row    layout, 8 bytes of the segment, the key as VersionRow.AppendPrefix
//	       writes it, 8 bytes of TimeMs, 8 bytes of FromMs = the value
//	index  01, 8 bytes of TimeMs, 8 bytes of FromMs, the key = nothing
//
// where times have their first bit turned, so that they sort as numbers. The
// index is there if rows are asked for in the order of time, whatever their
// keys. The first byte of a row says how long its segment is and whether there
// is an index: rows of a layout of before are told from those of the present.
type Segments struct {
	shift  uint8 // a segment is 1<<shift milliseconds long
	byTime bool
}

// The first bytes of rows, behind the one of the stream time.
const (
	indexByte  = 0x01
	layoutByte = 0x80
	byTimeBit  = 0x40
)

// maxShift has all there is in two segments, and no first byte of a row ff.
const maxShift = 62

// byTime is set in a Format with an index.
const byTime Format = 0x80

// ByTime is the format with an index: rows can be listed in the order of time.
// It is for formats with Segments.
func (f Format) ByTime() Format { return f | byTime }

// Segments is the layout for rows that live for a retention, 0 for ever: two
// segments and a little cover it. Records that live for a minute at most, which is
// to say in memory, have eight: what has expired leaves it that much earlier.
func (f Format) Segments(retention time.Duration) Segments {
	s := Segments{shift: maxShift, byTime: f&byTime != 0}
	parts := uint64(2)
	if f == Records && retention <= time.Minute {
		parts = 8
	}
	if ms := retention.Milliseconds(); ms > 0 {
		s.shift = uint8(bits.Len64(uint64(ms-1) / parts)) // 1<<shift >= ms/parts
	}
	return s
}

// segmented reports whether stores of the format have Segments.
func (f Format) segmented() bool {
	return f&^byTime == Sessions || f&^byTime == WindowsByKey || f == Records
}

// Segment is the number of the segment that a time is in.
func (s Segments) Segment(ms int64) uint64 { return sortable(ms) >> s.shift }

func sortable(ms int64) uint64 { return uint64(ms) ^ 1<<63 }

func (s Segments) layout() byte {
	b := layoutByte | s.shift
	if s.byTime {
		b |= byTimeBit
	}
	return b
}

// AppendSegment appends what the rows of a segment begin with.
func (s Segments) AppendSegment(dst []byte, segment uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, s.layout()), segment)
}

// AppendTimes appends what a row's key ends with.
func (Segments) AppendTimes(dst []byte, timeMs, fromMs int64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, sortable(timeMs)), sortable(fromMs))
}

// AppendKey appends the key of a row.
func (s Segments) AppendKey(dst []byte, r SegmentRow) []byte {
	dst = VersionRow{Key: r.Key}.AppendPrefix(s.AppendSegment(dst, s.Segment(r.TimeMs)))
	return s.AppendTimes(dst, r.TimeMs, r.FromMs)
}

// ByTime says whether there is an index.
func (s Segments) ByTime() bool { return s.byTime }

// AppendIndex appends the key that a row has in the index.
func (s Segments) AppendIndex(dst []byte, r SegmentRow) []byte {
	return append(s.AppendTimes(append(dst, indexByte), r.TimeMs, r.FromMs), r.Key...)
}

// IndexEnd is the bound behind all rows that the index has up to a time.
func (s Segments) IndexEnd(timeMs int64) []byte {
	if timeMs == math.MaxInt64 {
		return []byte{indexByte + 1}
	}
	return s.AppendIndex(nil, SegmentRow{TimeMs: timeMs + 1, FromMs: math.MinInt64})
}

// First is the bound before all rows.
func (s Segments) First() []byte { return []byte{s.layout()} }

// Last is the bound behind all rows.
func (s Segments) Last() []byte { return []byte{s.layout() + 1} }

const (
	segmentLen = 1 + 8 // of what all rows of a segment begin with
	timesLen   = 8 + 8
)

// CutTimes takes the times out of the key of a row.
func (Segments) CutTimes(key []byte) (timeMs, fromMs int64, err error) {
	n := len(key) - timesLen
	if n < segmentLen+2 || key[n-2] != 0 || key[n-1] != keyEnd {
		return 0, 0, fmt.Errorf("the key of a row has %d bytes and is none of a segment: %w", len(key), errDamaged)
	}
	timeMs, fromMs = cutTimes(key[n:])
	return timeMs, fromMs, nil
}

func cutTimes(b []byte) (timeMs, fromMs int64) {
	return int64(binary.BigEndian.Uint64(b) ^ 1<<63), int64(binary.BigEndian.Uint64(b[8:]) ^ 1<<63)
}

// DecodeKey takes the key of a row apart. Key aliases it, or lies in scratch, to
// which it is then appended.
func (s Segments) DecodeKey(key []byte, scratch *[]byte) (r SegmentRow, err error) {
	if r.TimeMs, r.FromMs, err = s.CutTimes(key); err != nil {
		return r, err
	}
	r.Key, err = unescape(key[segmentLen:len(key)-timesLen], scratch)
	return r, err
}

// DecodeIndex takes the key of an index row apart. Key aliases it.
func (Segments) DecodeIndex(key []byte) (r SegmentRow, err error) {
	if len(key) < 1+timesLen {
		return r, fmt.Errorf("the key of an index row has %d bytes: %w", len(key), errDamaged)
	}
	r.TimeMs, r.FromMs = cutTimes(key[1:])
	r.Key = key[1+timesLen : len(key) : len(key)]
	return r, nil
}

// Expire appends to b the deletion of all rows in segments before that of a
// time.
func (s Segments) Expire(b *Batch, oldestMs int64) {
	segment := s.Segment(oldestMs)
	b.DeleteRange(s.First(), s.AppendSegment(nil, segment))
	if s.byTime {
		b.DeleteRange([]byte{indexByte}, binary.BigEndian.AppendUint64([]byte{indexByte}, segment<<s.shift))
	}
}

// isIndex reports whether a row is one of the index.
func isIndex(key []byte) bool { return len(key) > 0 && key[0] == indexByte }
