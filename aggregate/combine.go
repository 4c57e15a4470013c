package aggregate

import (
	"fmt"

	"github.com/millrace-io/millrace/serde"
)

// Acc2 is the accumulator of Combine2: those of its two parts, by value, so
// that a row stays decoded as long as its parts allow it.
type Acc2[A, B any] struct {
	a A
	b B
}

// Combine2 is two aggregations of the same values in one accumulator and one
// row; result makes one value of their results. It can merge or remove if both
// can. A value that one of them refuses changes neither. Its bytes are those of
// both, behind a version.
//
// By example: internal/corpus/testdata/aggregate.txt.
func Combine2[V, A, B, RA, RB, R any](
	a Aggregation[V, A, RA], b Aggregation[V, B, RB], result func(RA, RB) R,
) Aggregation[V, Acc2[A, B], R] {
	type acc = Acc2[A, B]
	c := Aggregation[V, acc, R]{
		Name:   fmt.Sprintf("combine(%s, %s)", a.Name, b.Name),
		Init:   func() acc { return acc{a.Init(), b.Init()} },
		Add:    both(a.Add, b.Add),
		Result: func(x acc) R { return result(a.Result(x.a), b.Result(x.b)) },
	}
	if a.Merge != nil && b.Merge != nil {
		c.Merge = func(x, y acc) (z acc, err error) {
			if z.a, err = a.Merge(x.a, y.a); err != nil {
				return x, err
			}
			if z.b, err = b.Merge(x.b, y.b); err != nil {
				return x, err
			}
			return z, nil
		}
	}
	if a.Remove != nil && b.Remove != nil {
		c.Remove = both(a.Remove, b.Remove)
	}
	c.made = func(v serde.Serde[V], find Find) (serde.Serde[acc], error) {
		sa, err := a.Serde(v, find)
		if err != nil {
			return nil, err
		}
		sb, err := b.Serde(v, find)
		if err != nil {
			return nil, err
		}
		return newAcc2Serde(sa, sb), nil
	}
	if a.Bytes != nil && b.Bytes != nil {
		c.Bytes = bytesOf(c.made)
	}
	return c
}

// both does one step, Add or Remove, in both parts.
func both[V, A, B any](a func(A, V) (A, error), b func(B, V) (B, error)) func(Acc2[A, B], V) (Acc2[A, B], error) {
	return func(x Acc2[A, B], v V) (y Acc2[A, B], err error) {
		if y.a, err = a(x.a, v); err != nil {
			return x, err
		}
		if y.b, err = b(x.b, v); err != nil {
			return x, err
		}
		return y, nil
	}
}

// bytesOf is Bytes for a combination of which every part has one.
func bytesOf[V, A any](made func(serde.Serde[V], Find) (serde.Serde[A], error)) func(serde.Serde[V]) serde.Serde[A] {
	return func(v serde.Serde[V]) serde.Serde[A] {
		s, err := made(v, serde.BuiltinOf)
		if err != nil {
			return nil
		}
		return s
	}
}

type acc2Serde[A, B any] struct {
	a serde.Serde[A]
	b serde.Serde[B]
}

func newAcc2Serde[A, B any](a serde.Serde[A], b serde.Serde[B]) serde.Serde[Acc2[A, B]] {
	s := acc2Serde[A, B]{a, b}
	cloneA, cloneB := cloneOf(a), cloneOf(b)
	if cloneA == nil || cloneB == nil {
		return s
	}
	return acc2Cloner[A, B]{s, cloneA, cloneB}
}

func (s acc2Serde[A, B]) Append(dst []byte, v Acc2[A, B]) ([]byte, error) {
	out, err := appendPart(append(dst, version), s.a, v.a)
	if err != nil {
		return dst, err
	}
	if out, err = s.b.Append(out, v.b); err != nil {
		return dst, err
	}
	return out, nil
}

func (s acc2Serde[A, B]) Decode(b []byte) (Acc2[A, B], error) {
	var v, zero Acc2[A, B]
	parts, err := unversioned[Acc2[A, B]](b)
	if err != nil {
		return zero, err
	}
	first, second, ok := cutPart(parts)
	if !ok {
		return zero, refuse[Acc2[A, B]](b, "the first part is cut off")
	}
	if v.a, err = s.a.Decode(first); err != nil {
		return zero, err
	}
	if v.b, err = s.b.Decode(second); err != nil {
		return zero, err
	}
	return v, nil
}

func (s acc2Serde[A, B]) SerdeName() string {
	return fmt.Sprintf("combine(%s, %s)", serde.NameOf(s.a), serde.NameOf(s.b))
}

// acc2Cloner is the serde of a combination both parts of which can be cloned.
type acc2Cloner[A, B any] struct {
	acc2Serde[A, B]
	cloneA func(A) A
	cloneB func(B) B
}

func (s acc2Cloner[A, B]) Clone(v Acc2[A, B]) Acc2[A, B] {
	return Acc2[A, B]{s.cloneA(v.a), s.cloneB(v.b)}
}
