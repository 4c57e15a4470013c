package aggregate

import "fmt"

// Where is a of those values for which has is true, as a FILTER clause is in
// SQL. It is how nulls are skipped: Count of the values that have a part, Sum
// or Min over those of a pointer that is not nil. has is asked before a sees
// the value, so what a reads of it is there. It must be a pure function of the
// value: Remove asks it again.
//
//	rated := func(o Order) bool { return o.Rating != nil }
//	aggregate.Where(rated, aggregate.Avg(func(o Order) int { return *o.Rating }))
//
// Accumulator, bytes and abilities are those of a.
//
// By example: internal/corpus/testdata/where.txt.
func Where[V, A, R any](has func(V) bool, a Aggregation[V, A, R]) Aggregation[V, A, R] {
	w := a
	w.Name = fmt.Sprintf("where(%s)", a.Name)
	w.Add = onlyWhere(has, a.Add)
	w.Remove = onlyWhere(has, a.Remove)
	return w
}

// onlyWhere is step for the values that has. A step that is missing stays so.
func onlyWhere[V, A any](has func(V) bool, step func(A, V) (A, error)) func(A, V) (A, error) {
	if step == nil {
		return nil
	}
	return func(acc A, v V) (A, error) {
		if !has(v) {
			return acc, nil
		}
		return step(acc, v)
	}
}
