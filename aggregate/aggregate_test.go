package aggregate_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
)

func identity[N any](n N) N { return n }

func ascending[N cmp.Ordered](a, b N) int { return cmp.Compare(a, b) }

// of adds vs to an empty accumulator and returns the result.
func of[V, A, R any](t *testing.T, a aggregate.Aggregation[V, A, R], vs ...V) R {
	t.Helper()
	acc := a.Init()
	for _, v := range vs {
		var err error
		if acc, err = a.Add(acc, v); err != nil {
			t.Fatal(err)
		}
	}
	return a.Result(acc)
}

func equal[R comparable](t *testing.T, what string, got, want R) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestResults(t *testing.T) {
	equal(t, "count", of(t, aggregate.Count[string](), "a", "", "a"), 3)
	equal(t, "sum", of(t, aggregate.Sum(identity[int8]), 100, -50, 77), 127)
	equal(t, "sum of uint8", of(t, aggregate.Sum(identity[uint8]), 100, 155), 255)
	equal(t, "sum of durations", of(t, aggregate.Sum(identity[time.Duration]), time.Second, time.Minute), 61*time.Second)
	equal(t, "sum of tiny floats", of(t, aggregate.Sum(identity[float64]), 1e300, -1), 1e300)
	equal(t, "avg", of(t, aggregate.Avg(identity[int]), 1, 2, 4, 5), 3)
	equal(t, "avg of small type", of(t, aggregate.Avg(identity[uint8]), 255, 255), 255)
	equal(t, "min", of(t, aggregate.Min(identity[int]), 3, 1, 2), 1)
	equal(t, "min of negative zero", math.Signbit(of(t, aggregate.Min(identity[float64]), 0, math.Copysign(0, -1))), true)
	equal(t, "min above zero", of(t, aggregate.Min(identity[uint]), 9, 7), 7)
	equal(t, "max", of(t, aggregate.Max(identity[int]), 3, 1, 2), 3)
	equal(t, "max below zero", of(t, aggregate.Max(identity[float32]), -9, -7), -7)

	equal(t, "count of nothing", of(t, aggregate.Count[int]()), 0)
	equal(t, "sum of nothing", of(t, aggregate.Sum(identity[int])), 0)
	equal(t, "avg of nothing", of(t, aggregate.Avg(identity[int])), 0)
	equal(t, "min of nothing", of(t, aggregate.Min(identity[int])), 0)
	equal(t, "max of nothing", of(t, aggregate.Max(identity[int])), 0)
}

func TestNaNAndInfinityPass(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, vs := range [][]float64{{nan, 1}, {1, nan}, {1, nan, 2}} {
		for name, got := range map[string]float64{
			"sum": of(t, aggregate.Sum(identity[float64]), vs...),
			"avg": of(t, aggregate.Avg(identity[float64]), vs...),
			"min": of(t, aggregate.Min(identity[float64]), vs...),
			"max": of(t, aggregate.Max(identity[float64]), vs...),
		} {
			if !math.IsNaN(got) {
				t.Errorf("%s of %v = %v", name, vs, got)
			}
		}
	}
	equal(t, "sum", of(t, aggregate.Sum(identity[float64]), inf, 1), inf)
	equal(t, "overflowing sum", of(t, aggregate.Sum(identity[float64]), math.MaxFloat64, math.MaxFloat64), inf)
}

// The sum of a type is right or refused, never wrapped around: big.Int knows.
func TestSumRefusesOverflow(t *testing.T) {
	t.Run("int8", func(t *testing.T) { overflow[int8](t, math.MinInt8, math.MaxInt8) })
	t.Run("int16", func(t *testing.T) { overflow[int16](t, math.MinInt16, math.MaxInt16) })
	t.Run("int32", func(t *testing.T) { overflow[int32](t, math.MinInt32, math.MaxInt32) })
	t.Run("int64", func(t *testing.T) { overflow[int64](t, math.MinInt64, math.MaxInt64) })
	t.Run("int", func(t *testing.T) { overflow[int](t, math.MinInt, math.MaxInt) })
	t.Run("uint8", func(t *testing.T) { overflow[uint8](t, 0, math.MaxUint8) })
	t.Run("uint16", func(t *testing.T) { overflow[uint16](t, 0, math.MaxUint16) })
	t.Run("uint32", func(t *testing.T) { overflow[uint32](t, 0, math.MaxUint32) })
	t.Run("uint64", func(t *testing.T) { overflow[uint64](t, 0, math.MaxUint64) })
	t.Run("uint", func(t *testing.T) { overflow[uint](t, 0, math.MaxUint) })
	t.Run("named", func(t *testing.T) { overflow[time.Duration](t, math.MinInt64, math.MaxInt64) })
}

func overflow[N interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}](t *testing.T, lo, hi N) {
	exact := func(n N) *big.Int {
		if n < 0 {
			return big.NewInt(int64(n))
		}
		return new(big.Int).SetUint64(uint64(n))
	}
	a := aggregate.Sum(identity[N])
	steps := map[string]struct {
		step func(a, b N) (N, error)
		want func(a, b *big.Int) *big.Int
	}{
		"add":    {a.Add, func(a, b *big.Int) *big.Int { return a.Add(a, b) }},
		"merge":  {a.Merge, func(a, b *big.Int) *big.Int { return a.Add(a, b) }},
		"remove": {a.Remove, func(a, b *big.Int) *big.Int { return a.Sub(a, b) }},
	}
	one := func(x, y N) {
		for name, s := range steps {
			want := s.want(exact(x), exact(y))
			fits := want.Cmp(exact(lo)) >= 0 && want.Cmp(exact(hi)) <= 0
			got, err := s.step(x, y)
			switch {
			case fits && (err != nil || exact(got).Cmp(want) != 0):
				t.Errorf("%s(%v, %v) = %v, %v; want %v", name, x, y, got, err, want)
			case !fits && (err == nil || got != x):
				t.Errorf("%s(%v, %v) = %v, %v; want an error and nothing changed", name, x, y, got, err)
			}
		}
	}
	edges := []N{lo, lo + 1, lo / 2, 0, 1, hi / 2, hi/2 + 1, hi - 1, hi}
	for _, x := range edges {
		for _, y := range edges {
			one(x, y)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		one(N(rapid.Uint64().Draw(rt, "x")), N(rapid.Uint64().Draw(rt, "y")))
	})
}

func TestOverflowNamesTheTypeOnly(t *testing.T) {
	_, err := aggregate.Sum(identity[int8]).Add(111, 112)
	if want := "the sum leaves the range of int8: sum in a wider type"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAvgOfAnEmptiedGroupHasNoResidue(t *testing.T) {
	a := aggregate.Avg(identity[float64])
	acc := a.Init()
	for _, v := range []float64{0.1, 0.2, 1e17} {
		acc, _ = a.Add(acc, v)
	}
	for _, v := range []float64{1e17, 0.1, 0.2} {
		acc, _ = a.Remove(acc, v)
	}
	if acc != a.Init() {
		t.Errorf("%+v is left", acc)
	}
}

func TestCombinationCanDoWhatAllPartsCan(t *testing.T) {
	one := func(int64, int64) int { return 0 }
	full := aggregate.Count[int64]()
	least := aggregate.Min(identity[int64])
	noMerge := full
	noMerge.Merge = nil

	for _, c := range []struct {
		name          string
		merge, remove bool
		a             interface{ can() (bool, bool) }
	}{
		{"both", true, true, can(aggregate.Combine2(full, full, one))},
		{"first cannot remove", true, false, can(aggregate.Combine2(least, full, one))},
		{"second cannot remove", true, false, can(aggregate.Combine2(full, least, one))},
		{"first cannot merge", false, true, can(aggregate.Combine2(noMerge, full, one))},
		{"second cannot merge", false, true, can(aggregate.Combine2(full, noMerge, one))},
		{"third cannot merge", false, true, can(aggregate.Combine3(full, full, noMerge, func(_, _, _ int64) int { return 0 }))},
	} {
		if merge, remove := c.a.can(); merge != c.merge || remove != c.remove {
			t.Errorf("%s: merge %v, remove %v", c.name, merge, remove)
		}
	}
}

type abilities struct{ merge, remove bool }

func (a abilities) can() (bool, bool) { return a.merge, a.remove }

func can[V, A, R any](a aggregate.Aggregation[V, A, R]) abilities {
	return abilities{a.Merge != nil, a.Remove != nil}
}

func TestCombinationIsNamedAfterItsParts(t *testing.T) {
	n, sum, avg := aggregate.Count[int](), aggregate.Sum(identity[int]), aggregate.Avg(identity[int])
	equal(t, "two", aggregate.Combine2(n, sum, func(int64, int) int { return 0 }).Name, "combine(count, sum)")
	equal(t, "three", aggregate.Combine3(n, sum, avg, func(int64, int, float64) int { return 0 }).Name, "combine(count, sum, avg)")
}

func TestErrorOfAPartLeavesTheCombinationAsItWas(t *testing.T) {
	boom := errors.New("boom")
	refuses := aggregate.Sum(identity[int64])
	refuses.Add = func(acc, v int64) (int64, error) { return 99, boom }
	refuses.Remove = refuses.Add
	refuses.Merge = refuses.Add
	pair := func(a, b int64) string { return fmt.Sprint(a, b) }
	for name, c := range map[string]aggregate.Aggregation[int64, aggregate.Acc2[int64, int64], string]{
		"first":  aggregate.Combine2(refuses, aggregate.Count[int64](), pair),
		"second": aggregate.Combine2(aggregate.Count[int64](), refuses, pair),
	} {
		for step, f := range map[string]func() (aggregate.Acc2[int64, int64], error){
			"add":    func() (aggregate.Acc2[int64, int64], error) { return c.Add(c.Init(), 1) },
			"remove": func() (aggregate.Acc2[int64, int64], error) { return c.Remove(c.Init(), 1) },
			"merge":  func() (aggregate.Acc2[int64, int64], error) { return c.Merge(c.Init(), c.Init()) },
		} {
			if acc, err := f(); err != boom || acc != c.Init() {
				t.Errorf("%s, %s: %v, %v", name, step, c.Result(acc), err)
			}
		}
	}
}

type basket struct{ Items []string }

func TestSerdeIsFoundPartByPart(t *testing.T) {
	baskets := aggregate.New(func() basket { return basket{} },
		func(acc basket, v string) (basket, error) { acc.Items = append(acc.Items, v); return acc, nil })
	c := aggregate.Combine2(aggregate.Count[string](), baskets, func(n int64, b basket) string { return fmt.Sprint(n, b.Items) })
	if c.Bytes != nil {
		t.Error("Bytes is set although one part has none")
	}

	_, err := c.Serde(serde.String, serde.BuiltinOf)
	if want := "aggregate has no serde for its accumulator, aggregate_test.basket: register one or set Bytes"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}

	s, err := c.Serde(serde.String, func(ty reflect.Type) (any, bool) {
		return serde.JSON[basket](), ty == reflect.TypeFor[basket]()
	})
	if err != nil {
		t.Fatal(err)
	}
	acc, _ := c.Add(c.Init(), "egg")
	b, err := s.Append(nil, acc)
	if want := "\x01\x08\x00\x00\x00\x00\x00\x00\x00\x01" + `{"Items":["egg"]}`; err != nil || string(b) != want {
		t.Errorf("got %q, %v; want %q", b, err, want)
	}
	if acc, err = s.Decode(b); err != nil || c.Result(acc) != "1 [egg]" {
		t.Errorf("got %v, %v", c.Result(acc), err)
	}
}

func TestSerdeOfValuesIsHandedToEveryPart(t *testing.T) {
	last := aggregate.New(func() string { return "" }, func(_, v string) (string, error) { return v, nil })
	last.Name = "last"
	last.Bytes = func(v serde.Serde[string]) serde.Serde[string] { return v }
	c := aggregate.Combine3(last, aggregate.Count[string](), last, func(string, int64, string) int { return 0 })
	if c.Bytes == nil || c.Bytes(nil) != nil {
		t.Error("Bytes is to be set, and nil without a serde of the values")
	}
	_, err := c.Serde(nil, serde.BuiltinOf)
	if want := "last needs a serde of its values, string: register one"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	s, err := c.Serde(serde.String, func(reflect.Type) (any, bool) { return nil, false })
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "name", serde.NameOf(s), "combine(combine(string, int64), string)")

	own := serde.JSON[aggregate.Acc2[aggregate.Acc2[string, int64], string]]()
	c.Bytes = func(serde.Serde[string]) serde.Serde[aggregate.Acc2[aggregate.Acc2[string, int64], string]] {
		return own
	}
	if s, err := c.Serde(nil, serde.BuiltinOf); err != nil || !strings.HasPrefix(serde.NameOf(s), "json") {
		t.Errorf("the user's Bytes does not win: %v, %v", s, err)
	}
}
