package state

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/millrace-io/millrace/serde"
)

// Windowed is a key in one window of event time. Start and End are
// milliseconds since 1970. Start is part of the window; End is not in tumbling
// and hopping windows, and is in sessions.
type Windowed[K any] struct {
	Key        K
	Start, End int64
}

// WindowOf is key in the window of a size that begins at startMs. An End that
// no int64 holds is the highest one that it does, as in Kafka Streams.
func WindowOf[K any](key K, startMs int64, size time.Duration) Windowed[K] {
	end := int64(math.MaxInt64)
	if ms := size.Milliseconds(); startMs <= end-ms {
		end = startMs + ms
	}
	return Windowed[K]{key, startMs, end}
}

// String is the key and the window's bounds in milliseconds, such as
// "ann@[0,60000)".
func (w Windowed[K]) String() string { return fmt.Sprintf("%v@[%d,%d)", w.Key, w.Start, w.End) }

// DeriveSerde says what is missing (see serde.Deriver): the bytes of a windowed
// key do not tell how long its window is.
func (Windowed[K]) DeriveSerde(func(reflect.Type) (any, bool)) (any, error) {
	return nil, fmt.Errorf("the bytes of a windowed key do not tell the size of its window: give the option topology.KeySerde(state.WindowedSerde(<serde of %s>, <size>))", reflect.TypeFor[K]())
}

// WindowedSerde is the serde of keys in windows of a fixed size: the bytes of
// the key and 8 bytes of Start, big endian, as Kafka Streams'
// TimeWindowedSerializer writes them. End is not written and comes from size.
// To puts such a key into the partition of the key alone, as Kafka Streams
// does.
func WindowedSerde[K any](key serde.Serde[K], size time.Duration) serde.Serde[Windowed[K]] {
	return windowedSerde[K]{key: key, size: size}
}

type windowedSerde[K any] struct {
	key  serde.Serde[K]
	size time.Duration
	end  func(startMs int64) (endMs int64) // in place of size, if there is one

	inclusive bool // the end is part of a window
}

// WindowedSerdeFunc is WindowedSerde for windows that differ in size: end is
// when the one ends that begins at startMs, in milliseconds since 1970.
func WindowedSerdeFunc[K any](key serde.Serde[K], end func(startMs int64) (endMs int64)) serde.Serde[Windowed[K]] {
	return windowedSerde[K]{key: key, end: end}
}

// SlidingSerde is WindowedSerde for sliding windows, whose end is part of them:
// the bytes are the same.
func SlidingSerde[K any](key serde.Serde[K], difference time.Duration) serde.Serde[Windowed[K]] {
	return windowedSerde[K]{key: key, size: difference, inclusive: true}
}

// startLen is how many bytes the start of a window takes.
const startLen = 8

func (s windowedSerde[K]) Append(dst []byte, w Windowed[K]) ([]byte, error) {
	b, err := s.key.Append(dst, w.Key)
	if err != nil || len(b) < len(dst) {
		return b, err // the caller looks at the length as well
	}
	return binary.BigEndian.AppendUint64(b, uint64(w.Start)), nil
}

func (s windowedSerde[K]) Decode(b []byte) (w Windowed[K], err error) {
	n := len(b) - startLen
	if n < 0 {
		return w, fmt.Errorf("a windowed key of %d bytes has no room for its window", len(b))
	}
	key, err := s.key.Decode(b[:n:n])
	if err != nil {
		return w, err
	}
	start := int64(binary.BigEndian.Uint64(b[n:]))
	if s.end != nil {
		return Windowed[K]{key, start, s.end(start)}, nil
	}
	return WindowOf(key, start, s.size), nil
}

// SerdeName tells the serde of the key and the size.
func (s windowedSerde[K]) SerdeName() string {
	if s.end != nil {
		return "windowed " + serde.NameOf(s.key)
	}
	return "windowed " + serde.NameOf(s.key) + " " + s.size.String()
}

// ForTopic asks the serde of the key, if it wants to know.
func (s windowedSerde[K]) ForTopic(topic string, role serde.Role) (serde.Serde[Windowed[K]], error) {
	f, ok := s.key.(serde.ForTopic[K])
	if !ok {
		return s, nil
	}
	key, err := f.ForTopic(topic, role)
	s.key = key
	return s, err
}

// EndIncluded tells those who show a key that its end is part of the window.
func (s windowedSerde[K]) EndIncluded() bool { return s.inclusive }

// PartitionKey tells sinks which of the encoded bytes choose the partition.
func (s windowedSerde[K]) PartitionKey(encoded []byte) []byte {
	return encoded[:max(0, len(encoded)-startLen)]
}
