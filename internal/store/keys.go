package store

import (
	"fmt"

	"github.com/millrace-io/millrace/serde"
)

// keys writes and reads the keys of the store of a name.
type keys[K any] struct {
	name string
	ks   serde.Serde[K]
}

// appendKey appends an encoded key to what its row begins with.
func (k *keys[K]) appendKey(dst []byte, key K) ([]byte, error) {
	b, err := k.ks.Append(dst, key)
	if err != nil {
		return dst, fmt.Errorf("store %s: encode key: %w", k.name, err)
	}
	if len(b) < len(dst) {
		return dst, fmt.Errorf("store %s: encode key: %T does not append to what it is given: return append(dst, ...)", k.name, k.ks)
	}
	return b, nil
}

func (k *keys[K]) decodeKey(b []byte) (K, error) {
	key, err := k.ks.Decode(b)
	if err != nil {
		err = fmt.Errorf("store %s: decode key of %d bytes: %w", k.name, len(b), err)
	}
	return key, err
}

// span are the encoded keys from the first one on and before the second one.
type span struct{ from, to []byte }

// spanOf is nil, which is all keys, if keys is.
func (k *keys[K]) spanOf(bounds *[2]K) (*span, error) {
	if bounds == nil {
		return nil, nil
	}
	from, err := k.appendKey([]byte{}, bounds[0])
	if err != nil {
		return nil, err
	}
	to, err := k.appendKey([]byte{}, bounds[1])
	return &span{from, to}, err
}

// has says whether a key is in the span.
func (s *span) has(key []byte) bool {
	return s == nil || string(s.from) <= string(key) && string(key) < string(s.to)
}
