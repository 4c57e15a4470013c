package serde

import "reflect"

// Serde turns values of one type into bytes and back.
//
// Append appends the encoding of v to dst and returns the extended slice, as
// the append functions of package strconv do. Decode must not keep b nor alias
// it in the value that it returns: the bytes belong to the caller and are
// overwritten. Neither is ever called for a null; nulls travel beside values
// (see processor.Record and processor.Maybe).
//
// A Serde is used by many goroutines at once.
type Serde[T any] interface {
	Append(dst []byte, v T) ([]byte, error)
	Decode(b []byte) (T, error)
}

// Named is implemented by a Serde that can say what it is in descriptions of
// a topology, for example "string" or "json". Two serdes of one name are taken
// to read and write the same bytes.
type Named interface {
	SerdeName() string
}

// Cloner is implemented by a Serde that copies a value cheaper than by
// encoding and decoding it. Stores keep decoded values of types that hold
// pointers, slices or maps only if their serde is a Cloner.
type Cloner[T any] interface {
	Clone(v T) T
}

// Role says what a topic holds for its reader or writer.
type Role uint8

// The roles of a serde on a topic.
const (
	Key Role = iota
	Value
)

// ForTopic is implemented by a Serde that needs to know its topic, as those of
// schema registries do. It is asked once, when a topology is built.
type ForTopic[T any] interface {
	ForTopic(topic string, role Role) (Serde[T], error)
}

// NameOf is the name of s: what SerdeName says, or its Go type. It is "none"
// for a Serde that is nil.
func NameOf[T any](s Serde[T]) string {
	if s == nil {
		return "none"
	}
	if n, ok := s.(Named); ok {
		return n.SerdeName()
	}
	return typeName(reflect.TypeOf(s))
}
