package windowing

import (
	"fmt"
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/graph"
)

// naive are the windows of a time by their definition, in numbers without
// bounds, looked for around it.
func naive(a arithmetic, t int64) (starts []int64) {
	at, size, advance := big.NewInt(t), big.NewInt(a.size), big.NewInt(a.advance)
	from := new(big.Int).Sub(at, size)
	n := from.Div(from, advance) // rounds down
	for ; ; n.Add(n, big.NewInt(1)) {
		start := new(big.Int).Mul(n, advance)
		end := new(big.Int).Add(start, size)
		switch {
		case start.Cmp(at) > 0:
			return starts
		case start.Sign() >= 0 && end.Cmp(at) > 0:
			starts = append(starts, start.Int64())
		}
	}
}

func starts(a arithmetic, t int64) (starts []int64) {
	start, n := a.windows(t)
	for ; n > 0; start, n = start+a.advance, n-1 {
		starts = append(starts, start)
	}
	return starts
}

func TestWindowsOfATimeAreThoseOfTheirDefinition(t *testing.T) {
	for size := int64(1); size <= 12; size++ {
		for advance := int64(1); advance <= size; advance++ {
			a := arithmetic{size: size, advance: advance}
			for at := int64(-15); at <= 40; at++ {
				if want, got := fmt.Sprint(naive(a, at)), fmt.Sprint(starts(a, at)); got != want {
					t.Fatalf("size %d, advance %d, time %d: %s, want %s", size, advance, at, got, want)
				}
			}
		}
	}
}

func TestWindowsOfAnyTime(t *testing.T) {
	const longest = math.MaxInt64 / int64(time.Millisecond) // of a time.Duration
	rapid.Check(t, func(t *rapid.T) {
		a := arithmetic{advance: rapid.Int64Range(1, longest/64).Draw(t, "advance")}
		a.size = min(longest, rapid.Int64Range(a.advance, a.advance*64).Draw(t, "size"))
		at := rapid.OneOf(rapid.Int64(), rapid.Int64Range(math.MaxInt64-100, math.MaxInt64), rapid.Int64Range(-100, 100)).Draw(t, "time")
		if want, got := fmt.Sprint(naive(a, at)), fmt.Sprint(starts(a, at)); got != want {
			t.Fatalf("size %d, advance %d, time %d: %s, want %s", a.size, a.advance, at, got, want)
		}
	})
}

// A window takes records until stream time has reached its end plus the grace.
func TestWindowsCloseAtTheirEndPlusGrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size, grace := rapid.Int64Range(1, 50).Draw(t, "size"), rapid.Int64Range(0, 50).Draw(t, "grace")
		start := rapid.OneOf(rapid.Int64Range(0, 100), rapid.Int64Range(graph.MaxTime-60, graph.MaxTime)).Draw(t, "start")
		streamTime := rapid.OneOf(rapid.Int64Range(-1, 250), rapid.Int64Range(graph.MaxTime-60, graph.MaxTime)).Draw(t, "stream time")
		w := Tumbling(time.Duration(size) * time.Millisecond).Grace(time.Duration(grace) * time.Millisecond)
		o := operator[int, int, int, int]{closesAfter: w.spans().closesAfter()}
		got := o.closed(window{start, w.arithmetic().end(start)}, streamTime)
		if want := start+size+grace <= streamTime; got != want {
			t.Fatalf("%s, start %d, stream time %d: closed %v", w, start, streamTime, got)
		}
	})
}
