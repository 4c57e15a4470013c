package aggregate_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/millrace-io/millrace/aggregate"
)

// As a normal distribution has it: 99 of 100 results lie within three times the
// standard error, all within five times, most within once; and their mean is off
// by no more than chance.
func TestErrorOfApproxDistinct(t *testing.T) {
	const seeds = 50
	for _, precision := range []int{8, 10, 12} {
		sigma := 1.04 / math.Sqrt(float64(int(1)<<precision))
		beyond, results := 0, 0
		for _, n := range []int{100, 300, 1000, 5000, 20_000} {
			about := aggregate.ApproxDistinct(identity[uint64], precision)
			var mean float64
			within := 0
			for seed := range uint64(seeds) {
				r := rand.New(rand.NewPCG(seed, 1))
				acc := about.Init()
				for range n {
					acc, _ = about.Add(acc, r.Uint64())
				}
				off := (float64(about.Result(acc)) - float64(n)) / float64(n)
				mean += off / seeds
				results++
				switch far := math.Abs(off) / sigma; {
				case far > 5:
					t.Errorf("precision %d, %d values, seed %d: off by %.1f %%, the standard error is %.1f %%",
						precision, n, seed, 100*off, 100*sigma)
				case far > 3:
					beyond++
				case far <= 1:
					within++
				}
			}
			if math.Abs(mean) > 3*sigma/math.Sqrt(seeds) {
				t.Errorf("precision %d, %d values: off by %.2f %% on average", precision, n, 100*mean)
			}
			if within < seeds*55/100 {
				t.Errorf("precision %d, %d values: only %d of %d results are within the standard error", precision, n, within, seeds)
			}
		}
		if beyond > results/100 {
			t.Errorf("precision %d: %d of %d results are beyond three times the standard error", precision, beyond, results)
		}
	}
}

func TestFewAreCountedAlmostExactly(t *testing.T) {
	about := aggregate.ApproxDistinct(identity[int], 0)
	acc := about.Init()
	for n := range 100 {
		for range 2 {
			acc, _ = about.Add(acc, n)
		}
		// A few may share one of 4096 registers.
		if got := about.Result(acc); got > int64(n+1) || got < int64(n+1-3) {
			t.Errorf("%d, want %d", got, n+1)
		}
	}
}

// Values that people use are not random: counters, and texts that differ in a
// digit.
func TestErrorOfApproxDistinctForCounters(t *testing.T) {
	const n = 50_000
	const most = 3 * 1.04 / 64 * n // at precision 12
	numbers := aggregate.ApproxDistinct(identity[int], 0)
	texts := aggregate.ApproxDistinct(identity[string], 0)
	fractions := aggregate.ApproxDistinct(identity[float32], 0)
	a, b, c := numbers.Init(), texts.Init(), fractions.Init()
	for i := range n {
		a, _ = numbers.Add(a, -i)
		b, _ = texts.Add(b, fmt.Sprintf("user-%06d", i))
		c, _ = fractions.Add(c, float32(i)/8)
	}
	for what, got := range map[string]int64{
		"numbers": numbers.Result(a), "texts": texts.Result(b), "fractions": fractions.Result(c),
	} {
		if math.Abs(float64(got)-n) > most {
			t.Errorf("%s: %d, want %d", what, got, n)
		}
	}
}

// The registers are the same, however the values were spread and in whatever
// form the parts are: sparse, dense or one of each.
func TestMergedSketchesAreThatOfAllValues(t *testing.T) {
	about := aggregate.ApproxDistinct(identity[int], 8)
	sketch := func(from, to int) aggregate.Sketch {
		acc := about.Init()
		for v := from; v < to; v++ {
			acc, _ = about.Add(acc, v)
		}
		return acc
	}
	for _, c := range []struct{ a, b int }{{0, 0}, {0, 50}, {50, 0}, {50, 60}, {80, 160}, {50, 900}, {900, 50}, {900, 1800}, {500, 400}} {
		got, err := about.Merge(sketch(0, c.a), sketch(min(c.a, c.b)/2, c.b)) // they overlap
		if want := sketch(0, max(c.a, c.b)); err != nil || got != want {
			t.Errorf("%v: %d and %d values, %v", c, about.Result(got), about.Result(want), err)
		}
	}
}
