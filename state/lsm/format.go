package lsm

import (
	"encoding/binary"
	"fmt"

	"github.com/millrace-io/millrace/state"
)

// The format of the database, version 1. Numbers are big endian.
//
// A key is 4 bytes of store id and the key within the store. Ids are given out
// from 1 on, one per store name and partition. Id 0 is the system:
//
//	0000 'f'             version byte, application id
//	0000 'm' name        metadata value
//	0000 'c' storeID[4]  catalogue: partition[4], store name
//	0000 'p' storeID[4]  progress: lastUsed ms[8], and if the store was ever
//	                     written: topic id[16], next offset[8], currentAt ms[8]
//	storeID[4] key       value
//
// Progress and writes of one batch are one batch of pebble's.
const formatVersion = 1

const (
	kindFormat    = 'f'
	kindMeta      = 'm'
	kindCatalogue = 'c'
	kindProgress  = 'p'
)

const prefixLen = 4

func prefix(store uint32) []byte { return binary.BigEndian.AppendUint32(nil, store) }

func systemKey(kind byte, rest ...byte) []byte {
	return append([]byte{0, 0, 0, 0, kind}, rest...)
}

func storeKey(kind byte, store uint32) []byte { return systemKey(kind, prefix(store)...) }

// kindSpan is the range of all system keys of a kind.
func kindSpan(kind byte) (from, to []byte) { return systemKey(kind), systemKey(kind + 1) }

func encodeFormat(app string) []byte { return append([]byte{formatVersion}, app...) }

func encodeCatalogue(id state.ID) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(id.Partition)), id.Name...)
}

func decodeCatalogue(key, value []byte) (uint32, state.ID, error) {
	if len(key) != len(systemKey(0))+4 || len(value) < 4 {
		return 0, state.ID{}, fmt.Errorf("catalogue record of %d and %d bytes", len(key), len(value))
	}
	id := state.ID{Name: string(value[4:]), Partition: int32(binary.BigEndian.Uint32(value))}
	return binary.BigEndian.Uint32(key[len(key)-4:]), id, nil
}

// progress is what is kept about a store besides its entries.
type progress struct {
	lastUsedMs int64
	written    bool
	position   state.Position
}

const (
	idleProgressLen = 8
	progressLen     = 8 + 16 + 8 + 8
)

func (p *progress) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(p.lastUsedMs))
	if !p.written {
		return dst
	}
	dst = append(dst, p.position.TopicID[:]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(p.position.Next))
	return binary.BigEndian.AppendUint64(dst, uint64(p.position.CurrentAt))
}

func decodeProgress(b []byte) (*progress, error) {
	p := &progress{}
	switch len(b) {
	case progressLen:
		p.written = true
		copy(p.position.TopicID[:], b[8:])
		p.position.Next = int64(binary.BigEndian.Uint64(b[24:]))
		p.position.CurrentAt = int64(binary.BigEndian.Uint64(b[32:]))
		fallthrough
	case idleProgressLen:
		p.lastUsedMs = int64(binary.BigEndian.Uint64(b))
		return p, nil
	}
	return nil, fmt.Errorf("progress record of %d bytes", len(b))
}
