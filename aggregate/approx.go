package aggregate

import (
	"cmp"
	"fmt"

	"github.com/millrace-io/millrace/serde"
)

// The precisions of ApproxDistinct. Below the smallest the estimate is biased
// (by 1 % at 7, 7 % at 4) and too high by far now and then; at the largest an
// index still fits into two bytes.
const (
	leastPrecision   = 8
	defaultPrecision = 12
	mostPrecision    = 16
)

// ApproxDistinct is about how many different values a part of the values has,
// by a HyperLogLog of 2^precision registers. Its standard error is 1.04 /
// sqrt(2^precision) of the true number, and less for small ones: two of three
// results are off by less, 997 of 1000 by less than three times that. It takes
// 2^precision bytes, or 3 for each distinct value while that is less:
//
//	precision     8     10     12     14     16
//	error     6.5 %  3.3 %  1.6 %  0.8 %  0.4 %
//	bytes       256   1 Ki   4 Ki  16 Ki  64 Ki
//
// precision is 8 to 16, or 0 for the default. It cannot change while there is
// state. Defaults to 12.
//
// It merges without loss, and cannot remove: which value raised a register is
// forgotten. Where tables need it, take Distinct. All NaNs are one value, so
// are 0 and -0, and equal integers of different types.
//
// By example: internal/corpus/testdata/distinct.txt.
func ApproxDistinct[V any, T cmp.Ordered](of func(V) T, precision int) Aggregation[V, Sketch, int64] {
	p := cmp.Or(precision, defaultPrecision)
	hash := hasher[T]()
	a := Aggregation[V, Sketch, int64]{
		Name:   "approx-distinct",
		Init:   func() Sketch { return Sketch{} },
		Add:    func(s Sketch, v V) (Sketch, error) { return s.add(hash(of(v)), p), nil },
		Merge:  func(a, b Sketch) (Sketch, error) { return a.merge(b, p), nil },
		Result: func(s Sketch) int64 { return s.estimate(p) },
	}
	if p < leastPrecision || p > mostPrecision {
		return unusable(a, fmt.Errorf("approx-distinct needs a precision of %d to %d, not %d", leastPrecision, mostPrecision, precision))
	}
	a.Bytes = func(serde.Serde[V]) serde.Serde[Sketch] { return sketchSerde{p} }
	return a
}
