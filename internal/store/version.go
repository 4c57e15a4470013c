package store

import (
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// nullable is the value of a version, which may be that there is none.
type nullable[V any] struct {
	value V
	ok    bool
}

// nullableSerde writes the value part of a state.VersionRow.
type nullableSerde[V any] struct{ vs serde.Serde[V] }

// nullableOf is a serde.Cloner if vs is one.
func nullableOf[V any](vs serde.Serde[V]) serde.Serde[nullable[V]] {
	s := nullableSerde[V]{vs}
	if c, ok := vs.(serde.Cloner[V]); ok {
		return nullableCloner[V]{s, c}
	}
	return s
}

func (s nullableSerde[V]) Append(dst []byte, v nullable[V]) ([]byte, error) {
	if !v.ok {
		return state.VersionRow{Null: true}.AppendValue(dst), nil
	}
	b, err := s.vs.Append(dst, v.value)
	if err != nil || len(b) < len(dst) {
		return b, err // the caller looks at the length as well
	}
	return state.VersionRow{}.AppendValue(b), nil
}

func (s nullableSerde[V]) Decode(b []byte) (v nullable[V], err error) {
	b, null, err := state.VersionRow{}.CutValue(b)
	if err != nil || null {
		return v, err
	}
	v.value, err = s.vs.Decode(b)
	v.ok = err == nil
	return v, err
}

type nullableCloner[V any] struct {
	nullableSerde[V]
	c serde.Cloner[V]
}

func (s nullableCloner[V]) Clone(v nullable[V]) nullable[V] {
	if v.ok {
		v.value = s.c.Clone(v.value)
	}
	return v
}

// rowKeys are the keys of rows, which are bytes already.
type rowKeys struct{}

func (rowKeys) Append(dst, key []byte) ([]byte, error) { return append(dst, key...), nil }
func (rowKeys) Decode(b []byte) ([]byte, error)        { return append([]byte(nil), b...), nil }
