package aggregate

import "fmt"

// Distinct is how many different values a part of the values has, exactly. It
// keeps all of them, and limit is how many at most: one more is an error.
// Every update searches, copies and writes what is kept, which takes some
// microseconds for a thousand; beyond some thousands, take ApproxDistinct.
//
// A value counts until it was removed as often as it was added; to remove what
// is not there changes nothing. All NaNs are one value.
//
// The serde of the part is that of the values if of returns one of them, else
// one found by its type.
//
// By example: internal/corpus/testdata/distinct.txt.
func Distinct[V any, T comparable](of func(V) T, limit int) Aggregation[V, Set[T], int64] {
	full := fmt.Errorf("more than %d distinct values: raise the limit, or use ApproxDistinct", limit)
	return setOf("distinct", of, limit, full, func(values []T) int64 { return int64(len(values)) })
}

// CollectSet is the different values of a part of the values, in the order in
// which they came in. limit is how many there can be: one more is an error, and
// the rules of Distinct apply to the rest. A set of nothing is empty, not nil.
//
// By example: internal/corpus/testdata/collect.txt.
func CollectSet[V any, T comparable](of func(V) T, limit int) Aggregation[V, Set[T], []T] {
	full := fmt.Errorf("the set is full with %d values: raise its limit", limit)
	return setOf("collect-set", of, limit, full, shown[T])
}

// setOf puts a part of each value into a set, whose values show makes a result
// of.
func setOf[V any, T comparable, R any](
	name string, of func(V) T, limit int, full error, show func([]T) R,
) Aggregation[V, Set[T], R] {
	orFull := func(s Set[T], ok bool) (Set[T], error) {
		if !ok {
			return s, full
		}
		return s, nil
	}
	a := Aggregation[V, Set[T], R]{
		Name:   name,
		Init:   func() Set[T] { return Set[T]{} },
		Add:    func(s Set[T], v V) (Set[T], error) { return orFull(s.add(of(v), limit)) },
		Merge:  func(a, b Set[T]) (Set[T], error) { return orFull(a.merge(b, limit)) },
		Remove: func(s Set[T], v V) (Set[T], error) { return s.remove(of(v)), nil },
		Result: func(s Set[T]) R { return show(s.values) },
	}
	if limit < 1 {
		return unusable(a, fmt.Errorf("%s needs a limit of at least 1, not %d", name, limit))
	}
	return withElements(a, newSetSerde[T])
}
