package aggregate

import (
	"fmt"
	"reflect"
	"slices"
)

// CollectList is a part of every value, in the order in which they came in.
// limit is how many there can be: one more is an error, and not a silent loss.
// (The policy for errors of the class processor.Process may skip it; to keep
// the latest only, order a TopN by time.) Every update copies the list and
// writes it as a whole, so keep it short. A list of nothing is empty, not nil.
//
// It can remove if == compares the parts: it takes out the latest one that
// equals, and changes nothing if there is none.
//
// The serde of the part is that of the values if of returns one of them, else
// one found by its type.
//
// By example: internal/corpus/testdata/collect.txt.
func CollectList[V, T any](of func(V) T, limit int) Aggregation[V, List[T], []T] {
	full := fmt.Errorf("the list is full with %d values: raise its limit", limit)
	a := Aggregation[V, List[T], []T]{
		Name: "collect-list",
		Init: func() List[T] { return List[T]{} },
		Add: func(l List[T], v V) (List[T], error) {
			if len(l.values) >= limit {
				return l, full
			}
			return List[T]{slices.Concat(l.values, []T{of(v)})}, nil
		},
		Merge: func(a, b List[T]) (List[T], error) {
			switch {
			case len(a.values) == 0:
				return b, nil
			case len(a.values)+len(b.values) > limit:
				return a, full
			}
			return List[T]{slices.Concat(a.values, b.values)}, nil
		},
		Result: func(l List[T]) []T { return shown(l.values) },
	}
	if reflect.TypeFor[T]().Comparable() {
		a.Remove = func(l List[T], v V) (List[T], error) { return l.withoutLast(of(v)), nil }
	}
	if limit < 1 {
		return unusable(a, fmt.Errorf("collect-list needs a limit of at least 1, not %d", limit))
	}
	return withElements(a, newListSerde[T])
}
