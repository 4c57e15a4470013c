package aggregate_test

import (
	"cmp"
	"math"
	"reflect"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
)

// shows compares results of any type; an empty one is not nil.
func shows[R any](t *testing.T, what string, got, want R) {
	t.Helper()
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestCollectedNothingIsEmptyAndNotNil(t *testing.T) {
	shows(t, "list", of(t, aggregate.CollectList(identity[int], 3)), []int{})
	shows(t, "set", of(t, aggregate.CollectSet(identity[int], 3)), []int{})
	shows(t, "top", of(t, aggregate.TopN(identity[int], 3, ascending)), []int{})
	shows(t, "distinct", of(t, aggregate.Distinct(identity[int], 3)), 0)
	shows(t, "about", of(t, aggregate.ApproxDistinct(identity[int], 0)), 0)
	shows(t, "first", of(t, aggregate.First(identity[string])), "")
	shows(t, "last", of(t, aggregate.Last(identity[string])), "")
}

// SQL's aggregations skip nulls, and Count(column) counts what is not null.
func TestNullsAreSkippedWhere(t *testing.T) {
	type order struct{ rating *int }
	five, two := 5, 2
	orders := []order{{&five}, {nil}, {&two}, {nil}}
	rated := func(o order) bool { return o.rating != nil }
	rating := func(o order) int { return *o.rating }

	shows(t, "count", of(t, aggregate.Count[order](), orders...), 4)
	shows(t, "count where", of(t, aggregate.Where(rated, aggregate.Count[order]()), orders...), 2)
	shows(t, "avg where", of(t, aggregate.Where(rated, aggregate.Avg(rating)), orders...), 3.5)
	shows(t, "min where", of(t, aggregate.Where(rated, aggregate.Min(rating)), orders...), 2)
	shows(t, "last where", of(t, aggregate.Where(rated, aggregate.Last(rating)), orders...), 2)
	shows(t, "list where", of(t, aggregate.Where(rated, aggregate.CollectList(rating, 2)), orders...), []int{5, 2})
	shows(t, "sum where nobody", of(t, aggregate.Where(rated, aggregate.Sum(rating)), orders[1]), 0)

	sum := aggregate.Where(rated, aggregate.Sum(rating))
	shows(t, "name", sum.Name, "where(sum)")
	acc, _ := sum.Add(sum.Init(), orders[0])
	for _, o := range orders[:2] {
		acc, _ = sum.Remove(acc, o)
	}
	shows(t, "removed", sum.Result(acc), 0)
}

func TestTopOfEqualsIsWhatCameFirst(t *testing.T) {
	length := func(a, b string) int { return cmp.Compare(len(a), len(b)) }
	top := aggregate.TopN(identity[string], 3, length)
	shows(t, "top", of(t, top, "a", "bb", "c", "dd", "ee", "ff", "g"), []string{"bb", "dd", "ee"})

	early, late := top.Init(), top.Init()
	for _, v := range []string{"a", "bb"} {
		early, _ = top.Add(early, v)
	}
	for _, v := range []string{"c", "dd", "e"} {
		late, _ = top.Add(late, v)
	}
	both, _ := top.Merge(early, late)
	shows(t, "merged", top.Result(both), []string{"bb", "dd", "a"})
	shows(t, "smallest", of(t, aggregate.TopN(identity[int], 2, func(a, b int) int { return b - a }), 3, 1, 2), []int{1, 2})
}

// A row that was stored with another n is cut when it is read, and grows with
// what comes.
func TestTopOfAnotherN(t *testing.T) {
	wide, narrow := aggregate.TopN(identity[int], 4, ascending), aggregate.TopN(identity[int], 2, ascending)
	acc := wide.Init()
	for v := range 4 {
		acc, _ = wide.Add(acc, v)
	}
	shows(t, "cut", narrow.Result(acc), []int{3, 2})
	for i, v := range []int{0, 9} {
		acc, _ = narrow.Add(acc, v)
		shows(t, "shown", narrow.Result(acc), [][]int{{3, 2}, {9, 3}}[i])
	}
	acc, _ = wide.Add(acc, 1)
	shows(t, "grows", wide.Result(acc), []int{9, 3, 1})
}

func TestBeyondTheLimitIsAnError(t *testing.T) {
	const list, set = "the list is full with 2 values: raise its limit", "the set is full with 2 values: raise its limit"
	full(t, aggregate.CollectList(identity[int], 2), []int{1, 1}, 1, list)
	full(t, aggregate.CollectSet(identity[int], 2), []int{1, 1, 2, 2}, 3, set)
	full(t, aggregate.Distinct(identity[int], 2), []int{1, 1, 2, 2}, 3,
		"more than 2 distinct values: raise the limit, or use ApproxDistinct")
}

// full adds what fits and then v, alone and in a merge.
func full[A, R any](t *testing.T, a aggregate.Aggregation[int, A, R], fits []int, v int, want string) {
	t.Helper()
	acc := a.Init()
	for _, v := range fits {
		var err error
		if acc, err = a.Add(acc, v); err != nil {
			t.Fatalf("%s: %v", a.Name, err)
		}
	}
	before := a.Result(acc)
	one, _ := a.Add(a.Init(), v)
	for step, f := range map[string]func() (A, error){
		"add":   func() (A, error) { return a.Add(acc, v) },
		"merge": func() (A, error) { return a.Merge(acc, one) },
	} {
		got, err := f()
		if err == nil || err.Error() != want {
			t.Errorf("%s, %s: got %v, want %s", a.Name, step, err, want)
		}
		shows(t, a.Name, a.Result(got), before)
	}
	if acc, err := a.Remove(acc, fits[0]); err != nil {
		t.Error(err)
	} else if acc, err = a.Remove(acc, fits[0]); err != nil {
		t.Error(err)
	} else if _, err = a.Add(acc, v); err != nil {
		t.Errorf("%s: no room after removals: %v", a.Name, err)
	}
}

func TestRemovingWhatIsNotThereChangesNothing(t *testing.T) {
	list, set := aggregate.CollectList(identity[int], 9), aggregate.CollectSet(identity[int], 9)
	l, _ := list.Add(list.Init(), 1)
	l, err := list.Remove(l, 2)
	shows(t, "list", list.Result(l), []int{1})
	shows(t, "list", err, nil)
	s, _ := set.Add(set.Init(), 1)
	s, err = set.Remove(s, 2)
	shows(t, "set", set.Result(s), []int{1})
	shows(t, "set", err, nil)
}

func TestSetKeepsTheOrderOfArrival(t *testing.T) {
	set := aggregate.CollectSet(identity[string], 9)
	acc := set.Init()
	for _, v := range []string{"b", "a", "b", "c"} {
		acc, _ = set.Add(acc, v)
	}
	shows(t, "all", set.Result(acc), []string{"b", "a", "c"})
	acc, _ = set.Remove(acc, "b")
	shows(t, "one b is left", set.Result(acc), []string{"b", "a", "c"})
	acc, _ = set.Remove(acc, "b")
	acc, _ = set.Add(acc, "b")
	shows(t, "b came back", set.Result(acc), []string{"a", "c", "b"})
}

func TestAllNaNsAreOneValue(t *testing.T) {
	type celsius float32
	nan := celsius(math.NaN())
	shows(t, "distinct", of(t, aggregate.Distinct(identity[celsius], 2), nan, 1, -nan, nan), 2)
	shows(t, "about", of(t, aggregate.ApproxDistinct(identity[celsius], 12), nan, 1, -nan, nan), 2)

	set, list := aggregate.CollectSet(identity[celsius], 3), aggregate.CollectList(identity[celsius], 3)
	s, l := set.Init(), list.Init()
	for _, v := range []celsius{nan, 1} {
		s, _ = set.Add(s, v)
		l, _ = list.Add(l, v)
	}
	s, _ = set.Remove(s, -nan)
	l, _ = list.Remove(l, -nan)
	shows(t, "set", set.Result(s), []celsius{1})
	shows(t, "list", list.Result(l), []celsius{1})

	// A struct that holds one is no NaN: it equals nothing.
	type place struct{ x, y float64 }
	at := func(x, y float64) place { return place{x, y} }
	shows(t, "places", of(t, aggregate.Distinct(identity[place], 9), at(math.NaN(), 1), at(math.NaN(), 2)), 2)
}

func TestMistakesAreErrorsOfTheBuildAndOfEveryValue(t *testing.T) {
	mistake(t, aggregate.TopN(identity[int], 0, ascending), "top-n needs an n of at least 1, not 0")
	mistake(t, aggregate.Distinct(identity[int], 0), "distinct needs a limit of at least 1, not 0")
	mistake(t, aggregate.CollectSet(identity[int], -1), "collect-set needs a limit of at least 1, not -1")
	mistake(t, aggregate.CollectList(identity[int], -5), "collect-list needs a limit of at least 1, not -5")
	mistake(t, aggregate.ApproxDistinct(identity[int], 7), "approx-distinct needs a precision of 8 to 16, not 7")
	mistake(t, aggregate.ApproxDistinct(identity[int], 17), "approx-distinct needs a precision of 8 to 16, not 17")
}

func mistake[A, R any](t *testing.T, a aggregate.Aggregation[int, A, R], want string) {
	t.Helper()
	both := aggregate.Combine2(aggregate.Count[int](), aggregate.Where(func(int) bool { return true }, a),
		func(n int64, _ R) int64 { return n })
	for _, try := range []func() error{
		func() error { _, err := a.Serde(nil, serde.BuiltinOf); return err },
		func() error { _, err := a.Add(a.Init(), 1); return err },
		func() error { _, err := both.Serde(nil, serde.BuiltinOf); return err },
		func() error { _, err := both.Add(both.Init(), 1); return err },
	} {
		if err := try(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestWhatCanMergeAndRemove(t *testing.T) {
	type event struct{ Tags []string }
	for _, c := range []struct {
		name          string
		merge, remove bool
		a             abilities
	}{
		{"first", true, false, can(aggregate.First(identity[int]))},
		{"last", true, false, can(aggregate.Last(identity[int]))},
		{"top-n", true, false, can(aggregate.TopN(identity[int], 1, ascending))},
		{"distinct", true, true, can(aggregate.Distinct(identity[int], 1))},
		{"approx-distinct", true, false, can(aggregate.ApproxDistinct(identity[int], 0))},
		{"collect-set", true, true, can(aggregate.CollectSet(identity[int], 1))},
		{"collect-list", true, true, can(aggregate.CollectList(identity[int], 1))},
		{"collect-list of what == does not compare", true, false, can(aggregate.CollectList(identity[event], 1))},
		{"where", true, true, can(aggregate.Where(func(int) bool { return true }, aggregate.Count[int]()))},
		{"where min", true, false, can(aggregate.Where(func(int) bool { return true }, aggregate.Min(identity[int])))},
	} {
		if merge, remove := c.a.can(); merge != c.merge || remove != c.remove {
			t.Errorf("%s: merge %v, remove %v", c.name, merge, remove)
		}
	}
}

// Elements of the values' own type are written by the values' own serde, others
// by one found by their type.
func TestSerdeOfElements(t *testing.T) {
	type id int64
	type line struct{ ID id }
	lineOf := serde.JSON[line]()
	found := func(ty reflect.Type) (any, bool) {
		if ty == reflect.TypeFor[line]() {
			return lineOf, true
		}
		return serde.BuiltinOf(ty)
	}
	name := func(s interface{ SerdeName() string }, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s.SerdeName()
	}
	list := aggregate.CollectList(identity[int64], 5)
	s, err := list.Serde(serde.DecimalInt64, serde.BuiltinOf)
	equal(t, "of the values", name(s.(serde.Named), err), "list of decimal int64")
	s, err = list.Serde(nil, serde.BuiltinOf)
	equal(t, "found", name(s.(serde.Named), err), "list of int64")
	lines, err := aggregate.Distinct(identity[line], 5).Serde(nil, found)
	if err != nil || !strings.HasPrefix(serde.NameOf(lines), "set of json") {
		t.Errorf("got %s, %v", serde.NameOf(lines), err)
	}
	sizes, err := aggregate.Last(func(string) uint16 { return 0 }).Serde(serde.String, found)
	equal(t, "number", name(sizes.(serde.Named), err), "one of uint16")

	_, err = aggregate.TopN(func(l line) id { return l.ID }, 2, ascending).Serde(lineOf, found)
	if want := "top-n needs a serde of aggregate_test.id: register one"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
