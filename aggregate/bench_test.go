package aggregate_test

import (
	"strconv"
	"testing"

	"github.com/millrace-io/millrace/aggregate"
)

// What a value costs on average that is added to an accumulator of so many.

func BenchmarkTopN(b *testing.B) {
	for _, n := range []int{3, 100} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			bench(b, aggregate.TopN(identity[int], n, ascending), spread(1<<16, 1<<30))
		})
	}
}

func BenchmarkDistinct(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000} {
		b.Run("int/"+strconv.Itoa(n), func(b *testing.B) {
			bench(b, aggregate.Distinct(identity[int], n), spread(1<<16, n))
		})
		b.Run("string/"+strconv.Itoa(n), func(b *testing.B) {
			bench(b, aggregate.Distinct(identity[string], n), texts(spread(1<<16, n)))
		})
	}
}

func BenchmarkApproxDistinct(b *testing.B) {
	for _, n := range []int{10, 1000, 100_000} {
		b.Run("int/"+strconv.Itoa(n), func(b *testing.B) {
			bench(b, aggregate.ApproxDistinct(identity[int], 0), spread(1<<17, n))
		})
		b.Run("string/"+strconv.Itoa(n), func(b *testing.B) {
			bench(b, aggregate.ApproxDistinct(identity[string], 0), texts(spread(1<<17, n)))
		})
	}
	b.Run("result", func(b *testing.B) {
		about := aggregate.ApproxDistinct(identity[int], 0)
		acc := about.Init()
		for i := range 100_000 {
			acc, _ = about.Add(acc, i)
		}
		for b.Loop() {
			about.Result(acc)
		}
	})
}

func BenchmarkCollectList(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			bench(b, aggregate.CollectList(identity[int], n), spread(n, n))
		})
	}
}

// spread is count numbers below n, in no order.
func spread(count, n int) []int {
	vs := make([]int, count)
	for i := range vs {
		vs[i] = int(uint64(i) * 0x9e3779b97f4a7c15 >> 20 % uint64(n))
	}
	return vs
}

func texts(vs []int) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = "user-" + strconv.Itoa(v)
	}
	return out
}

// bench adds vs, and begins anew when all are in.
func bench[V, A, R any](b *testing.B, a aggregate.Aggregation[V, A, R], vs []V) {
	b.ReportAllocs()
	acc, i := a.Init(), 0
	for b.Loop() {
		var err error
		if acc, err = a.Add(acc, vs[i]); err != nil {
			b.Fatal(err)
		}
		if i++; i == len(vs) {
			acc, i = a.Init(), 0
		}
	}
}
