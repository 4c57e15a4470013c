package aggregate

import (
	"fmt"
	"reflect"

	"github.com/millrace-io/millrace/serde"
)

// Aggregation turns values of type V into an accumulator A, and that into a
// result R. It is a plain value: take one of the constructors' and change a
// field, or fill all of them. Its functions are called by many goroutines at
// once, for different accumulators.
//
// The laws that operators rely on, where == is equality of results:
//
//	Merge(Init(), a) == a
//	Merge(a, Add(Init(), v)) == Add(a, v)
//	Remove(Add(a, v), v) == a
type Aggregation[V, A, R any] struct {
	// Name is what descriptions and errors call the aggregation. It is no
	// identity: it may be changed at any time. Defaults to "".
	Name string
	// Init makes an empty accumulator, one of its own for each call.
	// Required.
	Init func() A
	// Add puts v in. It may change acc in place. An error is of class
	// processor.Process: the record leaves no trace, changes in place are
	// thrown away. Required.
	Add func(acc A, v V) (A, error)
	// Merge makes one accumulator of two, of which a holds the earlier
	// values. Sessions need it. nil if there is no such thing.
	Merge func(a, b A) (A, error)
	// Remove takes v out, which was put in before. Tables need it, whose rows
	// change. nil if there is no such thing.
	Remove func(acc A, v V) (A, error)
	// Result is what downstream nodes and queries see of acc. It must not
	// change acc nor return a part of it that Add changes in place. Required.
	Result func(acc A) R
	// Bytes makes the serde of the accumulator, for store and changelog, of
	// the serde of the values. That is nil if none is known; Bytes returns nil
	// if it needs one. Defaults to a serde found by the type A, or by the
	// types of which the package's own accumulators are made.
	Bytes func(v serde.Serde[V]) serde.Serde[A]

	// made is Serde for an accumulator whose parts may need find.
	made func(v serde.Serde[V], find Find) (serde.Serde[A], error)
}

// Find looks up the serde of a type t, a serde.Serde of t.
// serde.BuiltinOf is one, that of a topology also knows what was registered.
type Find = func(t reflect.Type) (s any, ok bool)

// New is an aggregation that shows its accumulator as it is. Set Merge,
// Remove and Bytes on the result where they are wanted:
//
//	longest := aggregate.New(func() string { return "" }, longer)
//	longest.Merge = longer
func New[V, A any](init func() A, add func(acc A, v V) (A, error)) Aggregation[V, A, A] {
	return Aggregation[V, A, A]{Name: "aggregate", Init: init, Add: add, Result: same[A]}
}

// Serde is the serde of the accumulator: that of Bytes, else one found by the
// type A, part by part in a combination. v is the serde of the values, nil if
// there is none. It is asked once, when a topology is built.
func (a Aggregation[V, A, R]) Serde(v serde.Serde[V], find Find) (serde.Serde[A], error) {
	if a.Bytes != nil {
		if s := a.Bytes(v); s != nil {
			return s, nil
		}
	}
	if a.made != nil {
		return a.made(v, find)
	}
	if a.Bytes != nil {
		return nil, fmt.Errorf("%s needs a serde of its values, %s: register one", a.Name, reflect.TypeFor[V]())
	}
	if s, ok := find(reflect.TypeFor[A]()); ok {
		return s.(serde.Serde[A]), nil
	}
	return nil, fmt.Errorf("%s has no serde for its accumulator, %s: register one or set Bytes", a.Name, reflect.TypeFor[A]())
}

func same[A any](acc A) A { return acc }
