package task

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
)

// Metadata is what a task keeps in the metadata of its offset commits. Its
// first part is that of Kafka Streams, which ignores the tail:
//
//	base64( byte 2, int64 partition time,
//	        int32 n, n x (int32 length, store, int64 close time),
//	        byte 1, int64 transaction,
//	        int32 n, n x (int32 length, node, int64 stream time) )
type Metadata struct {
	// PartitionTime is the highest event time seen in the partition, -1 for
	// none.
	PartitionTime int64
	// Closed is how far the windows of a store were closed and emitted.
	Closed []NamedTime
	// HasTail says that Transaction and Times were there.
	HasTail bool
	// Transaction is the number given to Task.Commit.
	Transaction int64
	// Times are the operators' own stream times, by node.
	Times []NamedTime
}

// NamedTime is a time in milliseconds that belongs to a node or a store.
type NamedTime struct {
	Name string
	Time int64
}

// ErrNewerMetadata says that a commit was made by a newer version of this
// library.
var ErrNewerMetadata = errors.New("the committed offset's metadata was written by a newer version: upgrade this program")

const (
	metadataV1  = 1 // of older versions of Kafka Streams: partition time only
	metadataV2  = 2
	tailVersion = 1
	// maxMetadata is a bound for encoded metadata in bytes, well below
	// offset.metadata.max.bytes of a broker (4,096).
	maxMetadata = 3000
)

// EncodeMetadata returns the text form of m, always with a tail.
func EncodeMetadata(m Metadata) string {
	b := make([]byte, 0, 64)
	b = append(b, metadataV2)
	b = binary.BigEndian.AppendUint64(b, uint64(m.PartitionTime))
	b = appendTimes(b, m.Closed)
	b = append(b, tailVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(m.Transaction))
	b = appendTimes(b, m.Times)
	return base64.StdEncoding.EncodeToString(b)
}

func appendTimes(b []byte, times []NamedTime) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(times)))
	for _, t := range times {
		b = binary.BigEndian.AppendUint32(b, uint32(len(t.Name)))
		b = append(b, t.Name...)
		b = binary.BigEndian.AppendUint64(b, uint64(t.Time))
	}
	return b
}

// DecodeMetadata reads the text form. What cannot be read is unknown, as in
// Kafka Streams: the zero of everything and a partition time of -1. The only
// error is ErrNewerMetadata.
func DecodeMetadata(s string) (Metadata, error) {
	unknown := Metadata{PartitionTime: -1}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(b) < 9 {
		return unknown, nil
	}
	version := b[0]
	m := Metadata{PartitionTime: max(-1, int64(binary.BigEndian.Uint64(b[1:])))}
	b = b[9:]
	if version == metadataV1 || version == metadataV2 && len(b) == 0 {
		return m, nil
	}
	ok := version == metadataV2
	if ok {
		m.Closed, b, ok = readTimes(b)
	}
	if !ok {
		return unknown, nil
	}
	if len(b) == 0 {
		return m, nil
	}
	if b[0] > tailVersion {
		return unknown, ErrNewerMetadata
	}
	if b[0] != tailVersion || len(b) < 9 {
		return unknown, nil
	}
	m.HasTail = true
	m.Transaction = int64(binary.BigEndian.Uint64(b[1:]))
	if m.Times, b, ok = readTimes(b[9:]); !ok || len(b) > 0 {
		return unknown, nil
	}
	return m, nil
}

// readTimes reads what appendTimes wrote and returns the rest.
func readTimes(b []byte) (times []NamedTime, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b)
	b = b[4:]
	for range n { // ends with the bytes, whatever n says
		if len(b) < 4 {
			return nil, nil, false
		}
		size := uint64(binary.BigEndian.Uint32(b))
		if b = b[4:]; uint64(len(b)) < size+8 {
			return nil, nil, false
		}
		times = append(times, NamedTime{string(b[:size]), int64(binary.BigEndian.Uint64(b[size:]))})
		b = b[size+8:]
	}
	return times, b, true
}
