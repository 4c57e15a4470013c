package aggregate

import "github.com/millrace-io/millrace/serde"

// Extreme is the accumulator of Min and Max.
type Extreme[N Number] struct {
	value N
	some  bool // there was a value
}

// Min is the smallest of a number of each value, NaN if one is NaN. The
// smallest of nothing is 0. It cannot remove: the values that were not the
// smallest are forgotten.
func Min[V any, N Number](of func(V) N) Aggregation[V, Extreme[N], N] {
	return extreme("min", of, func(a, b N) N { return min(a, b) })
}

// Max is the largest of a number of each value, NaN if one is NaN. The largest
// of nothing is 0. It cannot remove: the values that were not the largest are
// forgotten.
func Max[V any, N Number](of func(V) N) Aggregation[V, Extreme[N], N] {
	return extreme("max", of, func(a, b N) N { return max(a, b) })
}

func extreme[V any, N Number](name string, of func(V) N, pick func(a, b N) N) Aggregation[V, Extreme[N], N] {
	merge := func(a, b Extreme[N]) (Extreme[N], error) {
		switch {
		case !a.some:
			return b, nil
		case !b.some:
			return a, nil
		}
		return Extreme[N]{pick(a.value, b.value), true}, nil
	}
	return Aggregation[V, Extreme[N], N]{
		Name:   name,
		Init:   func() Extreme[N] { return Extreme[N]{} },
		Add:    func(e Extreme[N], v V) (Extreme[N], error) { return merge(e, Extreme[N]{of(v), true}) },
		Merge:  merge,
		Result: func(e Extreme[N]) N { return e.value },
		Bytes: func(serde.Serde[V]) serde.Serde[Extreme[N]] {
			return extremeSerde[N]{newNumberSerde[N]()}
		},
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
