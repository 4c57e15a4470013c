package processor

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/millrace-io/millrace/serde"
)

// DeriveSerde makes the serde of a Maybe of the one of T (see serde.Deriver):
// it reads and writes the same bytes. Sources and sinks turn nulls into a
// Maybe that is not OK and back; in a store there are none.
func (Maybe[T]) DeriveSerde(find func(reflect.Type) (any, bool)) (any, error) {
	s, ok := find(reflect.TypeFor[T]())
	if !ok {
		return nil, fmt.Errorf("no serde for %s", reflect.TypeFor[T]())
	}
	return maybeSerde[T]{s.(serde.Serde[T])}, nil
}

type maybeSerde[T any] struct {
	inner serde.Serde[T]
}

var errStoredNull = errors.New("a Maybe that is not OK has no bytes: delete the entry instead")

func (s maybeSerde[T]) Append(dst []byte, v Maybe[T]) ([]byte, error) {
	if !v.OK {
		return dst, errStoredNull
	}
	return s.inner.Append(dst, v.Value)
}

func (s maybeSerde[T]) Decode(b []byte) (Maybe[T], error) {
	v, err := s.inner.Decode(b)
	return Maybe[T]{Value: v, OK: err == nil}, err
}

// IsNull tells sinks what to write as a null.
func (s maybeSerde[T]) IsNull(v Maybe[T]) bool { return !v.OK }

// Inner is the serde of the values that are OK.
func (s maybeSerde[T]) Inner() serde.Serde[T] { return s.inner }

// SerdeName is that of the inner serde: the bytes are the same.
func (s maybeSerde[T]) SerdeName() string { return serde.NameOf(s.inner) }

// ForTopic asks the inner serde, if it wants to know.
func (s maybeSerde[T]) ForTopic(topic string, role serde.Role) (serde.Serde[Maybe[T]], error) {
	f, ok := s.inner.(serde.ForTopic[T])
	if !ok {
		return s, nil
	}
	inner, err := f.ForTopic(topic, role)
	return maybeSerde[T]{inner}, err
}
