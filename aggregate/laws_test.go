package aggregate_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
)

// Numbers are small whole ones, so that floating-point sums are exact and the
// laws hold to the last bit.
var numbers = rapid.Int64Range(-1000, 1000)

func asInt64(v int64) int64     { return v }
func asInt16(v int64) int16     { return int16(v) }
func asFloat64(v int64) float64 { return float64(v) / 4 }

func TestLaws(t *testing.T) {
	t.Run("count", func(t *testing.T) { laws(t, aggregate.Count[int64]()) })
	t.Run("sum", func(t *testing.T) { laws(t, aggregate.Sum(asInt64)) })
	t.Run("sum of float64", func(t *testing.T) { laws(t, aggregate.Sum(asFloat64)) })
	t.Run("avg", func(t *testing.T) { laws(t, aggregate.Avg(asInt16)) })
	t.Run("min", func(t *testing.T) { laws(t, aggregate.Min(asInt64)) })
	t.Run("max", func(t *testing.T) { laws(t, aggregate.Max(asFloat64)) })
	t.Run("combine2", func(t *testing.T) {
		laws(t, aggregate.Combine2(aggregate.Count[int64](), aggregate.Sum(asFloat64),
			func(n int64, sum float64) [2]float64 { return [2]float64{float64(n), sum} }))
	})
	t.Run("combine2 that cannot remove", func(t *testing.T) {
		laws(t, aggregate.Combine2(aggregate.Min(asInt64), aggregate.Max(asInt64),
			func(lo, hi int64) [2]int64 { return [2]int64{lo, hi} }))
	})
	t.Run("combine3", func(t *testing.T) {
		laws(t, aggregate.Combine3(aggregate.Count[int64](), aggregate.Sum(asInt64), aggregate.Avg(asFloat64),
			func(n, sum int64, avg float64) [3]float64 { return [3]float64{float64(n), float64(sum), avg} }))
	})
	t.Run("new", func(t *testing.T) {
		concat := func(a, b string) (string, error) { return a + b, nil }
		a := aggregate.New(func() string { return "" }, func(acc string, v int64) (string, error) {
			return concat(acc, string(rune('a'+(v+1000)%26)))
		})
		a.Merge = concat
		laws(t, a)
	})
	t.Run("first", func(t *testing.T) { laws(t, aggregate.First(asInt64)) })
	t.Run("last", func(t *testing.T) { laws(t, aggregate.Last(asInt16)) })
	t.Run("top-n", func(t *testing.T) { laws(t, aggregate.TopN(asInt64, 3, modulo)) })
	t.Run("distinct", func(t *testing.T) { laws(t, aggregate.Distinct(asInt16, plenty), inAnyOrder) })
	t.Run("approx-distinct", func(t *testing.T) { laws(t, aggregate.ApproxDistinct(asInt64, 8)) })
	t.Run("collect-set", func(t *testing.T) { laws(t, aggregate.CollectSet(asInt64, plenty), inAnyOrder) })
	t.Run("collect-list", func(t *testing.T) { laws(t, aggregate.CollectList(asInt64, plenty), inAnyOrder) })
	t.Run("where", func(t *testing.T) {
		laws(t, aggregate.Where(odd, aggregate.Count[int64]()))
		laws(t, aggregate.Where(odd, aggregate.Max(asInt64)))
	})
	t.Run("combine6", func(t *testing.T) {
		n := aggregate.Count[int64]()
		laws(t, aggregate.Combine6(n, aggregate.Sum(asInt64), n, aggregate.Where(odd, n), aggregate.Avg(asInt64), n,
			func(a, b, c, d int64, e float64, f int64) [6]float64 {
				return [6]float64{float64(a), float64(b), float64(c), float64(d), e, float64(f)}
			}))
	})
}

// inAnyOrder is for what keeps an order: removing is no undo of an add that
// others have followed.
var inAnyOrder = cmpopts.SortSlices(func(a, b int64) bool { return a < b })

func laws[A, R any](t *testing.T, a aggregate.Aggregation[int64, A, R], removed ...cmp.Option) {
	s, err := a.Serde(serde.Int64, serde.BuiltinOf)
	if err != nil {
		t.Fatal(err)
	}
	// fold adds vs one by one and takes the accumulator through its bytes
	// now and then, as a store does.
	fold := func(rt *rapid.T, acc A, vs []int64) A {
		for _, v := range vs {
			acc = must(a.Add(acc, v))(rt)
			if v%3 == 0 {
				acc = throughBytes(rt, s, acc)
			}
		}
		return acc
	}
	same := func(rt *rapid.T, law string, got, want A, opts ...cmp.Option) {
		if d := cmp.Diff(a.Result(want), a.Result(got), opts...); d != "" {
			rt.Errorf("%s (-want +got):\n%s", law, d)
		}
		if len(opts) > 0 {
			return
		}
		// What is stored is the same as well.
		if x, y := must(s.Append(nil, got))(rt), must(s.Append(nil, want))(rt); !bytes.Equal(x, y) {
			rt.Errorf("%s: stored %x, want %x", law, x, y)
		}
	}
	list := rapid.SliceOfN(numbers, 0, 12)

	rapid.Check(t, func(rt *rapid.T) {
		left, right := list.Draw(rt, "left"), list.Draw(rt, "right")
		whole := fold(rt, fold(rt, a.Init(), left), right)

		if a.Merge != nil {
			l, r := fold(rt, a.Init(), left), fold(rt, a.Init(), right)
			same(rt, "merge of parts is the whole", must(a.Merge(l, r))(rt), whole)
			same(rt, "empty is neutral on the left", must(a.Merge(a.Init(), l))(rt), l)
			same(rt, "empty is neutral on the right", must(a.Merge(l, a.Init()))(rt), l)
		}
		if a.Remove != nil {
			rest := whole
			for _, v := range rapid.Permutation(left).Draw(rt, "removed") {
				rest = throughBytes(rt, s, must(a.Remove(rest, v))(rt))
			}
			same(rt, "what was removed was never there", rest, fold(rt, a.Init(), right), removed...)
			v := numbers.Draw(rt, "v")
			same(rt, "remove undoes add", must(a.Remove(must(a.Add(whole, v))(rt), v))(rt), whole)
		}
	})
}

func must[T any](v T, err error) func(*rapid.T) T {
	return func(rt *rapid.T) T {
		if err != nil {
			rt.Fatal(err)
		}
		return v
	}
}

func throughBytes[A any](rt *rapid.T, s serde.Serde[A], acc A) A {
	dst := []byte("before")
	b := must(s.Append(dst, acc))(rt)
	if !bytes.HasPrefix(b, dst) {
		rt.Fatalf("%s: Append changed what was there: %x", reflect.TypeFor[A](), b)
	}
	return must(s.Decode(b[len(dst):]))(rt)
}
