package state

import (
	"fmt"

	"github.com/millrace-io/millrace/serde"
)

// SessionSerde is the serde of keys in sessions: the bytes of the key, 8 bytes
// of End and 8 bytes of Start, big endian, as Kafka Streams'
// SessionWindowedSerializer writes them. To puts such a key into the partition
// of the key alone, as Kafka Streams does.
func SessionSerde[K any](key serde.Serde[K]) serde.Serde[Windowed[K]] { return sessionSerde[K]{key} }

type sessionSerde[K any] struct{ key serde.Serde[K] }

func (s sessionSerde[K]) Append(dst []byte, w Windowed[K]) ([]byte, error) {
	b, err := s.key.Append(dst, w.Key)
	if err != nil || len(b) < len(dst) {
		return b, err // the caller looks at the length as well
	}
	return appendSession(b, SegmentRow{TimeMs: w.End, FromMs: w.Start}), nil
}

func (s sessionSerde[K]) Decode(b []byte) (w Windowed[K], err error) {
	r, ok := decodeSession(b)
	if !ok {
		return w, fmt.Errorf("the key of a session has %d bytes, which is no room for its bounds", len(b))
	}
	w.Start, w.End = r.FromMs, r.TimeMs
	w.Key, err = s.key.Decode(r.Key)
	return w, err
}

// EndIncluded tells those who show a key that its end is part of the session.
func (sessionSerde[K]) EndIncluded() bool { return true }

// SerdeName tells the serde of the key.
func (s sessionSerde[K]) SerdeName() string { return "session " + serde.NameOf(s.key) }

// ForTopic asks the serde of the key, if it wants to know.
func (s sessionSerde[K]) ForTopic(topic string, role serde.Role) (serde.Serde[Windowed[K]], error) {
	f, ok := s.key.(serde.ForTopic[K])
	if !ok {
		return s, nil
	}
	key, err := f.ForTopic(topic, role)
	return sessionSerde[K]{key}, err
}

// PartitionKey tells sinks which of the encoded bytes choose the partition.
func (s sessionSerde[K]) PartitionKey(encoded []byte) []byte {
	return encoded[:max(0, len(encoded)-timesLen)]
}
