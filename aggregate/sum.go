package aggregate

import (
	"fmt"
	"reflect"

	"github.com/millrace-io/millrace/serde"
)

// Sum is the sum of a number of each value. It is held in that number's type;
// an integer that leaves its range is an error, so convert to int64 in of
// where a small type could overflow. Floating-point sums are rounded, so that
// what Remove takes out can leave a residue.
//
// Its bytes are as many as the type has, big endian, 8 for int and uint: for
// int32, int64, float32 and float64 those of the serdes of that type.
//
// By example: internal/corpus/testdata/sum-avg.txt.
func Sum[V any, N Number](of func(V) N) Aggregation[V, N, N] {
	plus, minus := checked[N]()
	return Aggregation[V, N, N]{
		Name:   "sum",
		Init:   func() N { return 0 },
		Add:    func(sum N, v V) (N, error) { return plus(sum, of(v)) },
		Merge:  plus,
		Remove: func(sum N, v V) (N, error) { return minus(sum, of(v)) },
		Result: same[N],
		Bytes:  func(serde.Serde[V]) serde.Serde[N] { return newNumberSerde[N]() },
	}
}

// checked are addition and subtraction that refuse to wrap around. An integer
// that did not wrap is larger than before exactly if what was added is not
// negative.
func checked[N Number]() (plus, minus func(a, b N) (N, error)) {
	if isFloat[N]() {
		return func(a, b N) (N, error) { return a + b, nil },
			func(a, b N) (N, error) { return a - b, nil }
	}
	overflow := fmt.Errorf("the sum leaves the range of %s: sum in a wider type", reflect.TypeFor[N]())
	plus = func(a, b N) (N, error) {
		sum := a + b
		if (b >= 0) != (sum >= a) {
			return a, overflow
		}
		return sum, nil
	}
	minus = func(a, b N) (N, error) {
		diff := a - b
		if (b >= 0) != (diff <= a) {
			return a, overflow
		}
		return diff, nil
	}
	return plus, minus
}
