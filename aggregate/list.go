package aggregate

import (
	"reflect"
	"slices"

	"github.com/millrace-io/millrace/serde"
)

// List is the accumulator of CollectList and TopN: values in an order. Nobody
// ever changes what it holds: whatever takes a value in or out makes a new one,
// so that copies share their memory.
type List[T any] struct {
	values []T
}

// withoutLast is l without the last of its values that equals v, which is of a
// type that == compares. All NaNs are equal.
func (l List[T]) withoutLast(v T) List[T] {
	nan := isNaN(v)
	for i, x := range slices.Backward(l.values) {
		if any(x) == any(v) || nan && isNaN(x) {
			return List[T]{slices.Concat(l.values[:i], l.values[i+1:])}
		}
	}
	return l
}

// shown is a copy of values for the user, who may change it. It is never nil,
// which JSON would write as null.
func shown[T any](values []T) []T { return append([]T{}, values...) }

// listSerde writes the version, and the length and the bytes of each value.
type listSerde[T any] struct{ value serde.Serde[T] }

// newListSerde makes a serde.Cloner if what the values hold cannot be changed
// either. Else downstream operators, which see the same values in a result,
// could change what is stored.
func newListSerde[T any](value serde.Serde[T]) serde.Serde[List[T]] {
	s := listSerde[T]{value}
	if !plain(reflect.TypeFor[T]()) {
		return s
	}
	return listCloner[T]{s}
}

func (s listSerde[T]) Append(dst []byte, l List[T]) ([]byte, error) {
	out := append(dst, version)
	for _, v := range l.values {
		var err error
		if out, err = appendPart(out, s.value, v); err != nil {
			return dst, err
		}
	}
	return out, nil
}

func (s listSerde[T]) Decode(b []byte) (List[T], error) {
	rest, err := unversioned[List[T]](b)
	if err != nil {
		return List[T]{}, err
	}
	var l List[T]
	for len(rest) > 0 {
		var part []byte
		var ok bool
		if part, rest, ok = cutPart(rest); !ok {
			return List[T]{}, refuse[List[T]](b, "a value is cut off")
		}
		v, err := s.value.Decode(part)
		if err != nil {
			return List[T]{}, err
		}
		l.values = append(l.values, v)
	}
	return l, nil
}

func (s listSerde[T]) SerdeName() string { return "list of " + serde.NameOf(s.value) }

type listCloner[T any] struct{ listSerde[T] }

// Clone shares the memory of l, see List.
func (listCloner[T]) Clone(l List[T]) List[T] { return l }
