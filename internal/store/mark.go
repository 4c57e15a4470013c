package store

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/millrace-io/millrace/state"
)

// mark is a row of Unmatched: which record of a Records it is, and not what that
// holds. Its bytes are
//
//	key    01, 1 byte of the side, 8 of the time, their first bit turned, the key
//	       as state.VersionRow.AppendPrefix writes it, 8 bytes of the number
//	value  nothing
//
// Rows of a side sort by time: what can find no partner any more lies in front and
// side by side. The changelog has the same bytes, and is compacted.
type mark struct {
	timeMs int64
	side   byte
	key    []byte
	seq    int32
}

// markVersion is the version of the layout, which rows begin with.
const markVersion = 1

// markLen is how many bytes stand before the key.
const markLen = 1 + 8 + 1

// timeOf is the time of the mark whose row has a key.
func timeOf(key string) int64 {
	var b [8]byte
	copy(b[:], key[2:])
	return int64(binary.BigEndian.Uint64(b[:]) ^ 1<<63)
}

// appendFrom appends what comes before all rows of the side and time.
func (m mark) appendFrom(dst []byte) []byte {
	return binary.BigEndian.AppendUint64(append(dst, markVersion, m.side), uint64(m.timeMs)^1<<63)
}

// appendKey appends the row's key.
func (m mark) appendKey(dst []byte) []byte {
	return state.VersionRow{Key: m.key, TimeMs: math.MaxInt64 - int64(m.seq)}.AppendKey(m.appendFrom(dst))
}

// decodeKey takes a row's key apart. m.key aliases it, or lies in scratch, to
// which it is then appended.
func (m *mark) decodeKey(key []byte, scratch *[]byte) error {
	switch {
	case len(key) > 0 && key[0] > markVersion:
		return fmt.Errorf("a row has version %d and this release knows %d: upgrade to the one that has written it", key[0], markVersion)
	case len(key) < markLen || key[0] != markVersion:
		return fmt.Errorf("the key of a row has %d bytes and is none of a mark: the state is damaged; delete it, its changelog brings it back", len(key))
	}
	var r state.VersionRow
	err := r.DecodeKey(key[markLen:], scratch)
	*m = mark{int64(binary.BigEndian.Uint64(key[2:]) ^ 1<<63), key[1], r.Key, int32(math.MaxInt64 - r.TimeMs)}
	return err
}
