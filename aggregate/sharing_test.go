package aggregate_test

import (
	"reflect"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/serde/serdetest"
)

// Rows stay decoded where nobody can change what they hold: either their type
// says so, or their serde makes clones.
func TestRowsStayDecoded(t *testing.T) {
	type sale struct {
		Product string
		Parts   [2]struct{ Amount float64 }
	}
	type tagged struct{ Tags []string }
	type pointing struct{ To *int }
	plain := serde.JSON[sale]()
	bytes := func(b []byte) []byte { return b }

	for _, c := range []struct {
		name      string
		got, want bool
	}{
		{"sketch", decoded(t, aggregate.ApproxDistinct(identity[string], 0), serde.String), true},
		{"first", decoded(t, aggregate.First(identity[sale]), plain), true},
		{"first of slices", decoded(t, aggregate.First(identity[tagged]), serde.JSON[tagged]()), false},
		{"list", decoded(t, aggregate.CollectList(identity[sale], 9), plain), true},
		{"list of slices", decoded(t, aggregate.CollectList(bytes, 9), serde.Bytes), false},
		{"top", decoded(t, aggregate.TopN(identity[string], 9, ascending), serde.String), true},
		{"set", decoded(t, aggregate.CollectSet(identity[sale], 9), plain), true},
		{"set of pointers", decoded(t, aggregate.Distinct(identity[pointing], 9), serde.JSON[pointing]()), false},
		{"combination", decoded(t, aggregate.Combine3(
			aggregate.Count[string](), aggregate.Distinct(identity[string], 9), aggregate.TopN(identity[string], 9, ascending),
			func(int64, int64, []string) int { return 0 }), serde.String), true},
		{"combination with slices", decoded(t, aggregate.Combine2(
			aggregate.CollectList(bytes, 9), aggregate.CollectSet(func(b []byte) string { return string(b) }, 9),
			func([][]byte, []string) int { return 0 }), serde.Bytes), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: stays decoded %v, want %v", c.name, c.got, c.want)
		}
	}
}

func decoded[V, A, R any](t *testing.T, a aggregate.Aggregation[V, A, R], values serde.Serde[V]) bool {
	t.Helper()
	s, err := a.Serde(values, serde.BuiltinOf)
	if err != nil {
		t.Fatal(err)
	}
	_, cloner := s.(serde.Cloner[A])
	return cloner || store.Plain[A]()
}

// What most values cost: nothing, once the registers are high, or the value is
// not among the greatest.
func TestValuesThatChangeNothingDoNotAllocate(t *testing.T) {
	type user string
	alloc(t, aggregate.ApproxDistinct(identity[user], 8), []user{"a", "b", "c"}, "b")
	alloc(t, aggregate.TopN(identity[int], 2, ascending), []int{7, 8, 9}, 7)
	alloc(t, aggregate.First(identity[string]), []string{"a"}, "b")
	alloc(t, aggregate.Where(func(n int) bool { return n > 0 }, aggregate.CollectList(identity[int], 9)), []int{1, 2}, 0)
}

func alloc[V, A, R any](t *testing.T, a aggregate.Aggregation[V, A, R], before []V, v V) {
	t.Helper()
	acc := a.Init()
	for _, v := range before {
		acc, _ = a.Add(acc, v)
	}
	if n := testing.AllocsPerRun(100, func() { acc, _ = a.Add(acc, v) }); n != 0 {
		t.Errorf("%s: %v allocations", a.Name, n)
	}
}

// noClone hides Clone, which shares memory: serdetest takes that for a mistake,
// not knowing that nobody changes it (TestNaiveEvaluation does).
type noClone[A any] struct{ serde.Serde[A] }

func TestSerdesOfAccumulatorsConform(t *testing.T) {
	conform(t, aggregate.First(identity[string]), "", "a")
	conform(t, aggregate.Last(identity[int16]), 0, -3)
	conform(t, aggregate.TopN(identity[string], 2, ascending), "b", "", "a")
	conform(t, aggregate.CollectList(func(s string) []byte { return []byte(s) }, 9), "b", "", "b")
	conform(t, aggregate.CollectSet(identity[string], 9), "b", "", "b")
	conform(t, aggregate.Distinct(identity[uint32], 9), 5, 7, 5)
	conform(t, aggregate.ApproxDistinct(identity[string], 0), "b", "", "a")
	conform(t, aggregate.Combine2(aggregate.CollectList(identity[string], 9), aggregate.Last(identity[string]),
		func([]string, string) int { return 0 }), "b", "", "a")
}

// conform checks the accumulators of none, one and all of vs.
func conform[V, A, R any](t *testing.T, a aggregate.Aggregation[V, A, R], vs ...V) {
	t.Helper()
	acc := a.Init()
	accs := []A{acc}
	for _, v := range vs {
		acc, _ = a.Add(acc, v)
		accs = append(accs, acc)
	}
	all := gocmp.Exporter(func(reflect.Type) bool { return true })
	if err := serdetest.Check(noClone[A]{serdeOf(t, a)}, accs, all, cmpopts.EquateEmpty()); err != nil {
		t.Errorf("%s: %v", a.Name, err)
	}
}
