package aggregate

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/millrace-io/millrace/serde"
)

// version is the first byte of every accumulator whose format is our own.
const version = 1

// unversioned is b behind its version.
func unversioned[A any](b []byte) ([]byte, error) {
	switch {
	case len(b) == 0:
		return nil, refuse[A](b, "want a version")
	case b[0] > version:
		return nil, refuse[A](b, fmt.Sprintf("format %d is newer than %d, which this program reads: upgrade it", b[0], version))
	case b[0] < version:
		return nil, refuse[A](b, fmt.Sprintf("no format %d", b[0]))
	}
	return b[1:], nil
}

// A combination is written as the version, the length of its first part as an
// unsigned varint, the first part, and the second one, which takes the rest:
//
//	01 08 000000000000002a 00000007
//	|  |  |                '- the second part, an int32
//	|  |  '------------------ the first part, an int64
//	|  '--------------------- its length
//	'------------------------ version

// appendPart appends the length of v's bytes and them.
func appendPart[A any](dst []byte, s serde.Serde[A], v A) ([]byte, error) {
	at := len(dst)
	dst, err := s.Append(append(dst, 0), v)
	if err != nil {
		return dst, err
	}
	n := len(dst) - at - 1
	if n < 0x80 {
		dst[at] = byte(n)
		return dst, nil
	}
	// The length does not fit the byte left free for it.
	var length [binary.MaxVarintLen64]byte
	size := binary.PutUvarint(length[:], uint64(n))
	return slices.Replace(dst, at, at+1, length[:size]...), nil
}

// cutPart splits b into the part at its head and the rest.
func cutPart(b []byte) (part, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return nil, nil, false
	}
	end := size + int(n)
	return b[size:end:end], b[end:], true
}
