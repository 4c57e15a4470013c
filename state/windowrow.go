package state

import (
	"encoding/binary"
	"fmt"
)

// WindowRow is a row of a store of format Windows: what a key is in the window
// that begins at StartMs. Its bytes are
//
//	key    8 bytes of StartMs, their first bit turned, then the key
//	value  as in format Timestamped
//
// Rows sort by time and then by key: what has expired, and what closes next,
// lies in front and side by side, however many keys there are.
//
//	0:00 a | 0:00 b | 0:00 c | 0:01 a | 0:01 c | 0:02 b | 0:02 c
//	---------- expired ------|- closed --------|---- open -------
type WindowRow struct {
	Key     []byte
	StartMs int64
}

// AppendKey appends the row's key.
func (r WindowRow) AppendKey(dst []byte) []byte {
	return append(binary.BigEndian.AppendUint64(dst, uint64(r.StartMs)^1<<63), r.Key...)
}

// DecodeKey takes a row's key apart. Key aliases it.
func (r *WindowRow) DecodeKey(key []byte) error {
	if len(key) < startLen {
		return fmt.Errorf("the key of a row has %d bytes and is none of a window: %w", len(key), errDamaged)
	}
	r.StartMs = int64(binary.BigEndian.Uint64(key) ^ 1<<63)
	r.Key = key[startLen:len(key):len(key)]
	return nil
}

// windowSeq is what the key of a changelog record ends with: the number of a
// row among those of equal key and window, of which there is one here.
const windowSeq = "\x00\x00\x00\x00"

// appendLogged appends the key that the changelog has for a row: the key, 8
// bytes of StartMs and 4 of a number, as Kafka Streams' WindowKeySchema writes
// them.
func (r WindowRow) appendLogged(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(append(dst, r.Key...), uint64(r.StartMs))
	return append(dst, windowSeq...)
}

// decodeLogged takes the key of a changelog record apart; it reports false for
// one that is too short to be of a window.
func (r *WindowRow) decodeLogged(key []byte) bool {
	n := len(key) - startLen - len(windowSeq)
	if n < 0 {
		return false
	}
	r.Key, r.StartMs = key[:n:n], int64(binary.BigEndian.Uint64(key[n:]))
	return true
}

// FirstWindow is the key from which on a store of format Windows has its
// windows: behind the row that holds its stream time.
func (Format) FirstWindow() []byte { return []byte{0, 0} }
