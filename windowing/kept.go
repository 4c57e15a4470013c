package windowing

import (
	"errors"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
)

// kept is a record that waits in a buffer.
type kept[K, V any] struct {
	key     K
	value   V
	timeMs  int64
	headers []processor.Header
	hasKey  bool
	has     bool
}

func keep[K, V any](key K, value V, m *graph.Meta) kept[K, V] {
	return kept[K, V]{key, value, m.Time, m.Headers, m.HasKey, m.HasValue}
}

// meta is what the record carries beside key and value.
func (r *kept[K, V]) meta() graph.Meta {
	return graph.Meta{Time: r.timeMs, Headers: r.headers, HasKey: r.hasKey, HasValue: r.has}
}

// keptSerde writes a record: a version, the event time, the headers, and then
// key and value, each with its length, -1 for none.
type keptSerde[K, V any] struct {
	keys   serde.Serde[K]
	values serde.Serde[V]
}

const keptVersion = 1

var errKept = errors.New("no record of a buffer, or one of a newer version: upgrade this program")

func (s keptSerde[K, V]) Append(dst []byte, r kept[K, V]) ([]byte, error) {
	dst = appendInt64(append(dst, keptVersion), r.timeMs)
	dst = appendInt32(dst, int32(len(r.headers)))
	for _, h := range r.headers {
		dst = append(appendInt32(dst, int32(len(h.Key))), h.Key...)
		if h.Value == nil {
			dst = appendInt32(dst, noValue)
			continue
		}
		dst = append(appendInt32(dst, int32(len(h.Value))), h.Value...)
	}
	dst, err := appendSized(dst, s.keys, r.key, r.hasKey)
	if err != nil {
		return dst, err
	}
	return appendSized(dst, s.values, r.value, r.has)
}

func (s keptSerde[K, V]) Decode(b []byte) (r kept[K, V], err error) {
	in := reader{b: b}
	if in.take(1)[0] != keptVersion {
		return r, errKept
	}
	r.timeMs = in.int64()
	for range in.count() {
		name, _ := in.sized()
		value, has := in.sized()
		h := processor.Header{Key: string(name)}
		if has {
			h.Value = append([]byte{}, value...)
		}
		r.headers = append(r.headers, h)
	}
	key, hasKey := in.sized()
	value, has := in.sized()
	if in.short || len(in.b) > 0 {
		return r, errKept
	}
	if r.hasKey = hasKey; hasKey {
		if r.key, err = s.keys.Decode(key); err != nil {
			return r, err
		}
	}
	if r.has = has; has {
		r.value, err = s.values.Decode(value)
	}
	return r, err
}

// SerdeName names the serdes of key and value.
func (s keptSerde[K, V]) SerdeName() string {
	return "record " + serde.NameOf(s.keys) + " " + serde.NameOf(s.values)
}

// ForTopic asks the serdes of key and value, if they want to know.
func (s keptSerde[K, V]) ForTopic(topic string, role serde.Role) (_ serde.Serde[kept[K, V]], err error) {
	if s.keys, err = graph.OfTopic(s.keys, topic, role); err != nil {
		return s, err
	}
	s.values, err = graph.OfTopic(s.values, topic, role)
	return s, err
}
