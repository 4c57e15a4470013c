package aggregate

import "github.com/millrace-io/millrace/serde"

// First is a part of the value that came first, in the order of processing and
// not of event time. The first of nothing is the zero value. A session that is
// made of others has the first of the earliest. It cannot remove: what came
// after the first is forgotten.
//
// The serde of the part is that of the values if of returns one of them, else
// one found by its type.
//
// By example: internal/corpus/testdata/first-last.txt.
func First[V, T any](of func(V) T) Aggregation[V, Extreme[T], T] {
	a := extreme("first", of, func(earlier, _ T) T { return earlier })
	return withElements(a, newEndSerde[T])
}

// Last is a part of the value that came last, in the order of processing and
// not of event time. The last of nothing is the zero value. A session that is
// made of others has the last of the latest. It cannot remove: what came before
// the last is forgotten.
//
// The serde of the part is that of the values if of returns one of them, else
// one found by its type.
//
// By example: internal/corpus/testdata/first-last.txt.
func Last[V, T any](of func(V) T) Aggregation[V, Extreme[T], T] {
	a := extreme("last", of, func(_, later T) T { return later })
	return withElements(a, newEndSerde[T])
}

// endSerde writes the version and, if there is a value, its length and its
// bytes. Without the length, an empty string would be none. (The numbers of
// extremeSerde are never empty.)
type endSerde[T any] struct{ value serde.Serde[T] }

func newEndSerde[T any](value serde.Serde[T]) serde.Serde[Extreme[T]] { return endSerde[T]{value} }

func (s endSerde[T]) Append(dst []byte, e Extreme[T]) ([]byte, error) {
	out := append(dst, version)
	if !e.some {
		return out, nil
	}
	out, err := appendPart(out, s.value, e.value)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func (s endSerde[T]) Decode(b []byte) (Extreme[T], error) {
	rest, err := unversioned[Extreme[T]](b)
	if err != nil || len(rest) == 0 {
		return Extreme[T]{}, err
	}
	part, rest, ok := cutPart(rest)
	if !ok || len(rest) > 0 {
		return Extreme[T]{}, refuse[Extreme[T]](b, "want one value after its length")
	}
	v, err := s.value.Decode(part)
	if err != nil {
		return Extreme[T]{}, err
	}
	return Extreme[T]{v, true}, nil
}

func (s endSerde[T]) SerdeName() string { return "one of " + serde.NameOf(s.value) }
