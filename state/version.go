package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// VersionRow is a row of a store of format Versions: what a key was from
// TimeMs on. Its bytes are
//
//	key    the key, each 00 of it as 00 ff, and 00 01 as its end;
//	       then 8 bytes of TimeMs, so that later times sort before earlier ones
//	value  the value and 01, or 00 alone for a null: the key was deleted
//
// Keys sort as they do without versions, and the versions of a key lie side by
// side with the newest in front: what was valid at some time is the first row
// from that time on.
type VersionRow struct {
	Key    []byte
	TimeMs int64
	Value  []byte
	Null   bool
}

// versionTime is how many bytes the time of a version takes in its row's key.
const versionTime = 8

// The two bytes behind a 00 in a row's key. The end of a key comes before all
// that can go on in a longer one.
const (
	keyEnd  = 0x01
	keyZero = 0xff
)

// The two bytes that a row's value ends with one of.
const (
	markNull  = 0
	markValue = 1
)

// AppendPrefix appends what the rows of the key have in common. They are all
// that begins with it.
func (r VersionRow) AppendPrefix(dst []byte) []byte {
	for key := r.Key; ; {
		i := bytes.IndexByte(key, 0)
		if i < 0 {
			return append(append(dst, key...), 0, keyEnd)
		}
		dst = append(append(dst, key[:i]...), 0, keyZero)
		key = key[i+1:]
	}
}

// AppendTime appends what follows the prefix in the row's key.
func (r VersionRow) AppendTime(dst []byte) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(math.MaxInt64)-uint64(r.TimeMs))
}

// AppendKey appends the row's key.
func (r VersionRow) AppendKey(dst []byte) []byte { return r.AppendTime(r.AppendPrefix(dst)) }

// AppendValue appends the row's value.
func (r VersionRow) AppendValue(dst []byte) []byte {
	if r.Null {
		return append(dst, markNull)
	}
	return append(append(dst, r.Value...), markValue)
}

// Decode takes a row apart. Key and Value alias what is given, or Key lies in
// scratch, to which it is then appended.
func (r *VersionRow) Decode(key, value []byte, scratch *[]byte) error {
	err := r.DecodeKey(key, scratch)
	if err == nil {
		r.Value, r.Null, err = r.CutValue(value)
	}
	return err
}

// DecodeKey is Decode for a row's key alone.
func (r *VersionRow) DecodeKey(key []byte, scratch *[]byte) error {
	prefix, ms, err := r.Cut(key)
	if err == nil {
		r.TimeMs = ms
		r.Key, err = unescape(prefix, scratch)
	}
	return err
}

// errDamaged goes with every row that this package has not written.
var errDamaged = errors.New("the state is damaged; delete it, its changelog brings it back")

// Cut takes a row's key apart into the prefix of its key's rows and the
// version's time. It changes nothing in r.
func (VersionRow) Cut(key []byte) (prefix []byte, timeMs int64, err error) {
	n := len(key) - versionTime
	if n < 2 || key[n-2] != 0 || key[n-1] != keyEnd {
		return nil, 0, fmt.Errorf("the key of a row has %d bytes and is none of a version: %w", len(key), errDamaged)
	}
	return key[:n:n], int64(uint64(math.MaxInt64) - binary.BigEndian.Uint64(key[n:])), nil
}

// CutValue takes the value out of a row's. It changes nothing in r.
func (VersionRow) CutValue(b []byte) (value []byte, null bool, err error) {
	n := len(b) - 1
	switch {
	case n >= 0 && b[n] == markValue:
		return b[:n:n], false, nil
	case n == 0 && b[n] == markNull:
		return nil, true, nil
	}
	return nil, false, fmt.Errorf("the value of a row has %d bytes and is none of a version: %w", len(b), errDamaged)
}

// unescape is the key that AppendPrefix made prefix of. It aliases prefix if
// there is no 00 in it.
func unescape(prefix []byte, scratch *[]byte) ([]byte, error) {
	rest := prefix[:len(prefix)-2]
	i := bytes.IndexByte(rest, 0)
	if i < 0 {
		return rest, nil
	}
	key := *scratch
	start := len(key)
	for ; i >= 0; i = bytes.IndexByte(rest, 0) {
		if i+1 == len(rest) || rest[i+1] != keyZero {
			return nil, fmt.Errorf("the key of a row has a 00 that nothing explains: %w", errDamaged)
		}
		key = append(key, rest[:i+1]...)
		rest = rest[i+2:]
	}
	key = append(key, rest...)
	*scratch = key
	return key[start:len(key):len(key)], nil
}

// streamTimeRow is the key of the row that holds the stream time of a store of
// format Versions: the highest time of its versions, also of those that are
// gone. It comes before all others.
const streamTimeRow = "\x00"

// FirstVersion is the key from which on a store of format Versions has its
// versions: behind the row that holds its stream time.
func (Format) FirstVersion() []byte { return []byte{0, keyEnd} }

// StreamTime returns the stream time of a store of format Versions or Windows, in
// milliseconds; ok is false for one that has never been written.
func (Format) StreamTime(s Store) (ms int64, ok bool, err error) {
	b, ok, err := s.Get(nil, []byte(streamTimeRow))
	if err != nil || !ok {
		return 0, false, err
	}
	if len(b) != versionTime {
		return 0, false, fmt.Errorf("the row of the stream time has %d bytes: %w", len(b), errDamaged)
	}
	return int64(binary.BigEndian.Uint64(b)), true, nil
}

// SetStreamTime appends the stream time of a store of format Versions or Windows
// to b.
func (Format) SetStreamTime(b *Batch, ms int64) {
	b.Set([]byte(streamTimeRow), binary.BigEndian.AppendUint64(nil, uint64(ms)), ms)
}
