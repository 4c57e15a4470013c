package aggregate

import (
	"fmt"
	"reflect"

	"github.com/millrace-io/millrace/serde"
)

// withElements is a with accumulators whose bytes hold elements, parts of
// values: serdeOf makes their serde of that of an element.
func withElements[V, A, R, T any](a Aggregation[V, A, R], serdeOf func(serde.Serde[T]) serde.Serde[A]) Aggregation[V, A, R] {
	a.made = func(v serde.Serde[V], find Find) (serde.Serde[A], error) {
		s, err := elementSerde[V, T](v, find)
		if err != nil {
			return nil, fmt.Errorf("%s %w", a.Name, err)
		}
		return serdeOf(s), nil
	}
	return a
}

// elementSerde is that of the values if an element is of their type, else one
// found by type. Numbers of every size need no registration, as in Sum.
func elementSerde[V, T any](v serde.Serde[V], find Find) (serde.Serde[T], error) {
	if s, ok := any(v).(serde.Serde[T]); ok {
		return s, nil
	}
	t := reflect.TypeFor[T]()
	if s, ok := find(t); ok {
		return s.(serde.Serde[T]), nil
	}
	if s, ok := numberSerdes[t].(serde.Serde[T]); ok {
		return s, nil
	}
	return nil, fmt.Errorf("needs a serde of %s: register one", t)
}

// numberSerdes are those that package serde does not have.
var numberSerdes = map[reflect.Type]any{
	reflect.TypeFor[int]():    newNumberSerde[int](),
	reflect.TypeFor[int8]():   newNumberSerde[int8](),
	reflect.TypeFor[int16]():  newNumberSerde[int16](),
	reflect.TypeFor[uint]():   newNumberSerde[uint](),
	reflect.TypeFor[uint8]():  newNumberSerde[uint8](),
	reflect.TypeFor[uint16](): newNumberSerde[uint16](),
	reflect.TypeFor[uint32](): newNumberSerde[uint32](),
	reflect.TypeFor[uint64](): newNumberSerde[uint64](),
}

// unusable is a with a mistake in its arguments: an error when the topology is
// built, and of every value if the accumulator's serde is not asked for then.
func unusable[V, A, R any](a Aggregation[V, A, R], mistake error) Aggregation[V, A, R] {
	a.Add = func(acc A, _ V) (A, error) { return acc, mistake }
	a.made = func(serde.Serde[V], Find) (serde.Serde[A], error) { return nil, mistake }
	return a
}

// cloneOf is how an A of the given serde is copied, nil if it can only be
// encoded and decoded.
func cloneOf[A any](s serde.Serde[A]) func(A) A {
	if plain(reflect.TypeFor[A]()) {
		return same[A]
	}
	if c, ok := s.(serde.Cloner[A]); ok {
		return c.Clone
	}
	return nil
}

// plain reports whether copying a t by assignment copies all of it that could
// be changed.
func plain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return plain(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !plain(t.Field(i).Type) {
				return false
			}
		}
		return true
	case reflect.Pointer, reflect.UnsafePointer, reflect.Slice, reflect.Map, reflect.Chan, reflect.Func, reflect.Interface:
		return false
	}
	return true
}
