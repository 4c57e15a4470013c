package aggregate

import (
	"fmt"
	"slices"
	"sort"
)

// TopN is a part of each value for the n that compare finds the greatest,
// greatest first. compare is as for slices.SortFunc; exchange its arguments for
// the n smallest. Of parts that compare as equal, the one that came first is
// ahead and stays. Fewer than n are shown while there are fewer; the top of
// nothing is empty, not nil.
//
//	amount := func(a, b Sale) int { return cmp.Compare(a.Amount, b.Amount) }
//	aggregate.TopN(func(s Sale) Sale { return s }, 3, amount)
//
// It cannot remove: what was not among the n is forgotten. A smaller n applies
// to stored rows at once, a greater one as values come.
//
// The serde of the part is that of the values if of returns one of them, else
// one found by its type.
//
// By example: internal/corpus/testdata/top.txt.
func TopN[V, T any](of func(V) T, n int, compare func(a, b T) int) Aggregation[V, List[T], []T] {
	// add puts v behind all that are not less.
	add := func(l List[T], v T) List[T] {
		i := sort.Search(len(l.values), func(i int) bool { return compare(l.values[i], v) < 0 })
		if i >= n {
			return l
		}
		behind := l.values[i:min(n-1, len(l.values))]
		return List[T]{slices.Concat(l.values[:i], []T{v}, behind)}
	}
	a := Aggregation[V, List[T], []T]{
		Name: "top-n",
		Init: func() List[T] { return List[T]{} },
		Add:  func(l List[T], v V) (List[T], error) { return add(l, of(v)), nil },
		Merge: func(a, b List[T]) (List[T], error) {
			for _, v := range b.values {
				a = add(a, v)
			}
			return a, nil
		},
		Result: func(l List[T]) []T { return shown(l.values[:min(n, len(l.values))]) },
	}
	if n < 1 {
		return unusable(a, fmt.Errorf("top-n needs an n of at least 1, not %d", n))
	}
	return withElements(a, newListSerde[T])
}
