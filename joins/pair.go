package joins

import (
	"encoding/binary"
	"fmt"
	"reflect"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// Pair is the key of a result of ForeignKeys: a left row's key, and one of the
// foreign keys of that row. Its serde derives from those of both.
type Pair[K, KR any] struct {
	Left    K
	Foreign KR
}

// String is both keys, such as "42/books".
func (p Pair[K, KR]) String() string { return fmt.Sprintf("%v/%v", p.Left, p.Foreign) }

// DeriveSerde makes the serde of a Pair of those of K and KR (see
// serde.Deriver).
func (Pair[K, KR]) DeriveSerde(find func(reflect.Type) (any, bool)) (any, error) {
	left, ok := find(reflect.TypeFor[K]())
	if !ok {
		return nil, fmt.Errorf("no serde for %s", reflect.TypeFor[K]())
	}
	foreign, ok := find(reflect.TypeFor[KR]())
	if !ok {
		return nil, fmt.Errorf("no serde for %s", reflect.TypeFor[KR]())
	}
	return pairSerde[K, KR]{left.(serde.Serde[K]), foreign.(serde.Serde[KR])}, nil
}

// pairVersion is the first byte of a Pair. The length of the left key follows
// (int32, big-endian), it, and the foreign key.
const pairVersion = 1

type pairSerde[K, KR any] struct {
	left    serde.Serde[K]
	foreign serde.Serde[KR]
}

func pairOf[K, KR any](left serde.Serde[K], foreign serde.Serde[KR]) serde.Serde[Pair[K, KR]] {
	return pairSerde[K, KR]{left, foreign}
}

func (s pairSerde[K, KR]) Append(dst []byte, p Pair[K, KR]) (_ []byte, err error) {
	at := len(dst)
	if dst, err = s.left.Append(append(dst, pairVersion, 0, 0, 0, 0), p.Left); err != nil {
		return dst[:at], fmt.Errorf("left key: %w", err)
	}
	binary.BigEndian.PutUint32(dst[at+1:], uint32(len(dst)-at-5))
	if dst, err = s.foreign.Append(dst, p.Foreign); err != nil {
		return dst[:at], fmt.Errorf("foreign key: %w", err)
	}
	return dst, nil
}

func (s pairSerde[K, KR]) Decode(b []byte) (p Pair[K, KR], err error) {
	if len(b) < 5 {
		return p, fmt.Errorf("a pair of keys has %d bytes and needs 5 at least", len(b))
	}
	if b[0] != pairVersion {
		return p, fmt.Errorf("a pair of keys of version %d, and this program knows %d: a newer version of it wrote that, or it is none", b[0], pairVersion)
	}
	size, b := binary.BigEndian.Uint32(b[1:]), b[5:]
	if uint64(size) > uint64(len(b)) {
		return p, fmt.Errorf("a pair of keys ends %d bytes before the end of its left key", uint64(size)-uint64(len(b)))
	}
	if p.Left, err = s.left.Decode(b[:size]); err != nil {
		return Pair[K, KR]{}, fmt.Errorf("left key: %w", err)
	}
	if p.Foreign, err = s.foreign.Decode(b[size:]); err != nil {
		return Pair[K, KR]{}, fmt.Errorf("foreign key: %w", err)
	}
	return p, nil
}

// SerdeName says what the keys are.
func (s pairSerde[K, KR]) SerdeName() string {
	return "pair of " + serde.NameOf(s.left) + " and " + serde.NameOf(s.foreign)
}

// ForTopic asks the serdes of both keys, if they want to know.
func (s pairSerde[K, KR]) ForTopic(topic string, role serde.Role) (_ serde.Serde[Pair[K, KR]], err error) {
	if s.left, err = graph.OfTopic(s.left, topic, role); err != nil {
		return s, err
	}
	s.foreign, err = graph.OfTopic(s.foreign, topic, role)
	return s, err
}
