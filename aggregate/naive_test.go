package aggregate_test

import (
	"cmp"
	"reflect"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
)

// odd is the part of a value that some have: null for the even ones.
func odd(v int64) bool { return v%2 != 0 }

// plenty is a limit that no test of this file reaches.
const plenty = 1 << 20

// modulo groups values that a comparison cannot tell apart.
func modulo(a, b int64) int { return cmp.Compare(a%5, b%5) }

// Every aggregation says what a slice of all values says, whatever was merged,
// removed or taken through bytes on the way.
func TestNaiveEvaluation(t *testing.T) {
	distinct := func(vs []int64) []int64 {
		var out []int64
		for _, v := range vs {
			if !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
		return out
	}
	several := func(n int) func(vs []int64) []int64 {
		return func(vs []int64) []int64 {
			top := slices.Clone(vs)
			slices.SortStableFunc(top, func(a, b int64) int { return modulo(b, a) })
			return top[:min(n, len(top))]
		}
	}
	only := func(vs []int64) []int64 {
		return slices.DeleteFunc(slices.Clone(vs), func(v int64) bool { return !odd(v) })
	}
	sum := func(vs []int64) (n int64) {
		for _, v := range vs {
			n += v
		}
		return n
	}

	t.Run("first", func(t *testing.T) {
		against(t, aggregate.First(asInt64), func(vs []int64) int64 { return append(vs, 0)[0] })
	})
	t.Run("last", func(t *testing.T) {
		against(t, aggregate.Last(asInt64), func(vs []int64) int64 { return append([]int64{0}, vs...)[len(vs)] })
	})
	t.Run("top-n", func(t *testing.T) {
		against(t, aggregate.TopN(asInt64, 1, modulo), several(1))
		against(t, aggregate.TopN(asInt64, 4, modulo), several(4))
	})
	t.Run("distinct", func(t *testing.T) {
		against(t, aggregate.Distinct(asInt64, plenty), func(vs []int64) int64 { return int64(len(distinct(vs))) })
	})
	t.Run("approx-distinct", func(t *testing.T) {
		against(t, aggregate.ApproxDistinct(asInt16, 16), func(vs []int64) int64 { return int64(len(distinct(vs))) })
	})
	t.Run("collect-set", func(t *testing.T) {
		against(t, aggregate.CollectSet(asInt64, plenty), distinct, cmpopts.SortSlices(cmp.Less[int64]))
	})
	t.Run("collect-list", func(t *testing.T) {
		against(t, aggregate.CollectList(asInt64, plenty), slices.Clone[[]int64])
	})
	t.Run("where", func(t *testing.T) {
		against(t, aggregate.Where(odd, aggregate.Count[int64]()), func(vs []int64) int64 { return int64(len(only(vs))) })
		against(t, aggregate.Where(odd, aggregate.CollectList(asInt64, plenty)), only)
		against(t, aggregate.Where(odd, aggregate.Sum(asInt64)), func(vs []int64) int64 { return sum(only(vs)) })
	})
	t.Run("combine6", func(t *testing.T) {
		type all struct {
			N, Sum, Different int64
			Mean              float64
			Set, List         []int64
		}
		against(t, aggregate.Combine6(
			aggregate.Count[int64](), aggregate.Sum(asInt64), aggregate.Distinct(asInt64, plenty),
			aggregate.Avg(asInt64), aggregate.CollectSet(asInt64, plenty), aggregate.CollectList(asInt64, plenty),
			func(n, sum, different int64, mean float64, set, list []int64) all {
				slices.Sort(set)
				return all{n, sum, different, mean, set, list}
			}),
			func(vs []int64) all {
				set := distinct(vs)
				slices.Sort(set)
				return all{int64(len(vs)), sum(vs), int64(len(set)), float64(sum(vs)) / max(1, float64(len(vs))), set, vs}
			})
	})
}

func against[A, R any](t *testing.T, a aggregate.Aggregation[int64, A, R], naive func(vs []int64) R, opts ...gocmp.Option) {
	t.Helper()
	s, err := a.Serde(serde.Int64, serde.BuiltinOf)
	if err != nil {
		t.Fatal(err)
	}
	opts = append(opts, cmpopts.EquateEmpty())
	few := rapid.Int64Range(0, 9)

	rapid.Check(t, func(rt *rapid.T) {
		acc, all := a.Init(), []int64{}
		check := func(acc A, all []int64) {
			got := a.Result(acc)
			if d := gocmp.Diff(naive(slices.Clone(all)), got, opts...); d != "" {
				rt.Fatalf("%s of %v (-want +got):\n%s", a.Name, all, d)
			}
			scribble(got)
		}
		type past struct {
			acc A
			all []int64
		}
		var history []past
		steps := map[string]func(*rapid.T){
			"": func(rt *rapid.T) {
				history = append(history, past{acc, slices.Clone(all)})
				check(acc, all)
			},
			"add": func(rt *rapid.T) {
				v := few.Draw(rt, "v")
				acc, all = must(a.Add(acc, v))(rt), append(all, v)
			},
			"bytes": func(rt *rapid.T) { acc = throughBytes(rt, s, acc) },
		}
		if a.Remove != nil {
			steps["remove"] = func(rt *rapid.T) {
				if len(all) == 0 {
					return
				}
				v := rapid.SampledFrom(all).Draw(rt, "v")
				acc = must(a.Remove(acc, v))(rt)
				last := len(all) - 1
				for all[last] != v {
					last--
				}
				all = slices.Delete(all, last, last+1)
			}
		}
		if a.Merge != nil {
			steps["merge"] = func(rt *rapid.T) {
				other := rapid.SliceOfN(few, 0, 5).Draw(rt, "other")
				b := a.Init()
				for _, v := range other {
					b = must(a.Add(b, v))(rt)
				}
				acc, all = must(a.Merge(acc, b))(rt), append(all, other...)
				check(b, other)
			}
		}
		rt.Repeat(steps)
		// Copies of an accumulator may share memory, so that no step may have
		// changed an earlier one.
		for _, h := range history {
			check(h.acc, h.all)
		}
	})
}

// scribble changes what a user can change of a result.
func scribble(result any) {
	if v := reflect.ValueOf(result); v.Kind() == reflect.Slice {
		for i := range v.Len() {
			v.Index(i).SetInt(-1)
		}
	}
}
