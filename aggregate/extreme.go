package aggregate

import "github.com/millrace-io/millrace/serde"

// Extreme is the accumulator of Min, Max, First and Last: the value at one end
// of all, if there was one.
type Extreme[T any] struct {
	value T
	some  bool // there was a value
}

// Min is the smallest of a number of each value, NaN if one is NaN. The
// smallest of nothing is 0. It cannot remove: the values that were not the
// smallest are forgotten.
//
// By example: internal/corpus/testdata/min-max.txt.
func Min[V any, N Number](of func(V) N) Aggregation[V, Extreme[N], N] {
	return minMax("min", of, func(a, b N) N { return min(a, b) })
}

// Max is the largest of a number of each value, NaN if one is NaN. The largest
// of nothing is 0. It cannot remove: the values that were not the largest are
// forgotten.
//
// By example: internal/corpus/testdata/min-max.txt.
func Max[V any, N Number](of func(V) N) Aggregation[V, Extreme[N], N] {
	return minMax("max", of, func(a, b N) N { return max(a, b) })
}

func minMax[V any, N Number](name string, of func(V) N, pick func(a, b N) N) Aggregation[V, Extreme[N], N] {
	a := extreme(name, of, pick)
	a.Bytes = func(serde.Serde[V]) serde.Serde[Extreme[N]] {
		return extremeSerde[N]{newNumberSerde[N]()}
	}
	return a
}

// extreme keeps what pick chooses of the value so far and a later one.
func extreme[V, T any](name string, of func(V) T, pick func(earlier, later T) T) Aggregation[V, Extreme[T], T] {
	merge := func(a, b Extreme[T]) (Extreme[T], error) {
		switch {
		case !a.some:
			return b, nil
		case !b.some:
			return a, nil
		}
		return Extreme[T]{pick(a.value, b.value), true}, nil
	}
	return Aggregation[V, Extreme[T], T]{
		Name:   name,
		Init:   func() Extreme[T] { return Extreme[T]{} },
		Add:    func(e Extreme[T], v V) (Extreme[T], error) { return merge(e, Extreme[T]{of(v), true}) },
		Merge:  merge,
		Result: func(e Extreme[T]) T { return e.value },
	}
}

// extremeSerde writes the version, and the number if there is one.
type extremeSerde[N Number] struct{ number serde.Serde[N] }

func (s extremeSerde[N]) Append(dst []byte, e Extreme[N]) ([]byte, error) {
	dst = append(dst, version)
	if !e.some {
		return dst, nil
	}
	return s.number.Append(dst, e.value)
}

func (s extremeSerde[N]) Decode(b []byte) (Extreme[N], error) {
	rest, err := unversioned[Extreme[N]](b)
	if err != nil || len(rest) == 0 {
		return Extreme[N]{}, err
	}
	v, err := s.number.Decode(rest)
	if err != nil {
		return Extreme[N]{}, err
	}
	return Extreme[N]{v, true}, nil
}

func (s extremeSerde[N]) SerdeName() string { return "extreme of " + serde.NameOf(s.number) }
