package serde

import "reflect"

// builtins are the serdes that stand in for one that was left out.
var builtins = map[reflect.Type]any{
	reflect.TypeFor[string]():  String,
	reflect.TypeFor[[]byte]():  Bytes,
	reflect.TypeFor[int32]():   Int32,
	reflect.TypeFor[int64]():   Int64,
	reflect.TypeFor[float32](): Float32,
	reflect.TypeFor[float64](): Float64,
	reflect.TypeFor[bool]():    Bool,
}

// Builtin is the Serde that this package has for exactly the type T: a type
// declared as `type ID string` has none, since its text may mean more than its
// bytes.
func Builtin[T any]() (Serde[T], bool) {
	s, ok := builtins[reflect.TypeFor[T]()].(Serde[T])
	return s, ok
}

// BuiltinOf is Builtin for a type that is known at run time only. The result
// is a Serde of t.
func BuiltinOf(t reflect.Type) (any, bool) {
	s, ok := builtins[t]
	return s, ok
}

// Deriver is implemented by a generic type that makes its own Serde out of
// those of its type arguments, such as processor.Maybe[T]: reflection cannot
// make the Serde of Maybe[T] from that of T, but a method of Maybe[T] can.
//
// When a Serde for a type T was left out and is neither registered nor built
// in, DeriveSerde is called on the zero value of T while the topology is built.
// It returns a Serde[T]. find looks up the Serde of another type in the same
// way and returns a Serde of that type; ok is false if there is none, and the
// error that DeriveSerde then returns should name what is missing:
//
//	func (Pair[A, B]) DeriveSerde(find func(reflect.Type) (any, bool)) (any, error) {
//		a, ok := find(reflect.TypeFor[A]())
//		if !ok {
//			return nil, fmt.Errorf("no serde for %s: register one", reflect.TypeFor[A]())
//		}
//		...
//		return pairSerde[A, B]{a.(serde.Serde[A]), b.(serde.Serde[B])}, nil
//	}
type Deriver interface {
	DeriveSerde(find func(t reflect.Type) (any, bool)) (any, error)
}
