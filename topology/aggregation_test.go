package topology_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

func TestWordCount(t *testing.T) {
	b := topology.New()
	lines := topology.Stream[string, string](b, "in")
	words := topology.FlatMapValues(lines, strings.Fields)
	counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts")
	topology.To(counts.ToStream(), "totals", topology.Serdes(serde.String, serde.DecimalInt64))
	r := run(t, b)
	r.want("~=to be or not to be@7", "totals to=1@7, totals be=1@7, totals or=1@7, totals not=1@7, totals to=2@7, totals be=2@7")
	r.want("~=be@3", "totals be=3@7")
	const stored = `counts "be"="\x00\x00\x00\x00\x00\x00\x00\a\x00\x00\x00\x00\x00\x00\x00\x03"@7` // time, count
	if got := r.logged[len(r.logged)-1]; got != stored {
		t.Errorf("stored %s, want %s", got, stored)
	}
}

func TestCountDropsNullsAndKeepsTheHighestTime(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	counts := topology.Count(topology.GroupByKey(in), "counts")
	topology.To(counts.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	r := run(t, b)
	r.want("a=x@10", "out a=1@10")
	r.want("a=x@4", "out a=2@10")
	r.want("b=x@4", "out b=1@4")
	r.want("a=~@20", "")
	r.want("~=x@20", "")
	r.want("a=x@15", "out a=3@15")
	if got, want := r.drops(), "counts null_key 1, counts null_value 1"; got != want {
		t.Errorf("dropped %q, want %q", got, want)
	}
	if h := r.headers[len(r.headers)-1]; len(h) != 0 {
		t.Errorf("a row has headers: %v", h)
	}
}

func TestReduceDeletesTheRowOnNull(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	rows := topology.ReduceErr(topology.GroupByKey(in), "rows", func(row, v string) (string, error) {
		if row += v; len(row) > 3 {
			return row, processor.Null
		} else if v == "fail" {
			return row, errTest
		} else {
			return row, nil
		}
	})
	topology.To(rows.ToStream(), "out")
	r := run(t, b)
	r.want("k=fail@1", "out k=fail@1") // the first value is the row, uncalled
	r.want("k=a@2", "out k=~@2")
	r.want("k=b@1", "out k=b@1") // times start anew
	r.want("k=cd@3", "out k=bcd@3")
	r.want("k=e@2", "out k=~@3")
	if got := r.logged[len(r.logged)-1]; !strings.HasPrefix(got, `rows "k"=""`) {
		t.Errorf("changelog: %s", got)
	}
}

func TestFailedFoldNamesItsNode(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	sum := aggregate.New(func() int64 { return 0 }, func(int64, string) (int64, error) { return 0, errTest })
	topology.Aggregate(topology.GroupByKey(in), "sums", sum)
	r := run(t, b)
	var failed *processor.Error
	if err := r.try("in", "k=v@1"); !errors.As(err, &failed) || failed.Node != "sums" || failed.Class != processor.Process {
		t.Errorf("got %v", err)
	}
}

type stats struct {
	N    int64
	Mean float64
}

// The second program of the design, without its windows.
func TestAggregateShowsResultsAndStoresAccumulators(t *testing.T) {
	b := topology.New()
	topology.Register(b, serde.JSON[stats]())
	in := topology.Stream[string, string](b, "in")
	length := func(v string) float64 { return float64(len(v)) }
	rows := topology.Aggregate(topology.GroupByKey(in), "stats", aggregate.Combine2(
		aggregate.Count[string](), aggregate.Avg(length),
		func(n int64, mean float64) stats { return stats{n, mean} }))
	topology.To(rows.ToStream(), "out")
	r := run(t, b)
	r.want("k=a@1", `out k={"N":1,"Mean":1}@1`)
	r.want("k=abcd@2", `out k={"N":2,"Mean":2.5}@2`)
}

// An accumulator that is changed in place must not change the old row that
// goes downstream, nor what was committed.
func TestChangesInPlaceDoNotReachTheOldRow(t *testing.T) {
	b := topology.New()
	topology.Register(b, serde.JSON[[]string]())
	in := topology.Stream[string, string](b, "in")
	list := aggregate.New(func() []string { return make([]string, 1, 8) }, func(acc []string, v string) ([]string, error) {
		acc[0] = fmt.Sprintf("%d", len(acc))
		return append(acc, v), nil
	})
	rows := topology.Aggregate(topology.GroupByKey(in), "lists", list)
	var changes []string
	topology.ChangesOf(rows, func(k string, c graph.Change[[]string]) { changes = append(changes, fmt.Sprint(k, c.Old, c.New)) })
	r := run(t, b)
	r.send("in", "k=a@1")
	r.send("in", "k=b@2")
	if want := []string{"k[] [1 a]", "k[1 a] [2 a b]"}; !slices.Equal(changes, want) {
		t.Errorf("got %q, want %q", changes, want)
	}
}

func TestNamedGroupSharesItsRepartitionTopic(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	group := topology.GroupBy(in, func(_, v string) string { return v }, topology.Name("by-value"))
	topology.To(topology.Count(group, "counts").ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	topology.To(topology.Reduce(group, "joined", func(a, b string) string { return a + b }).ToStream(), "out2")
	r := run(t, b)
	r.want("k=v@1", "out v=1@1, out2 v=v@1")
	r.want("k=v@2", "out v=2@2, out2 v=vv@2")
	if _, ok := r.readers["app-by-value-repartition"]; !ok || len(r.readers) != 2 {
		t.Errorf("topics read: %v", r.readers)
	}
}

func TestRepartitionDropsNullKeysBeforeTheTopic(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	topology.To(topology.Repartition(in, "spread"), "out")
	r := run(t, b)
	r.want("~=v@1", "")
	r.want("k=~@2", "out k=~@2")
	r.want("k=v@3", "out k=v@3")
	if got := r.drops(); got != "spread-repartition-sink null_key 1" {
		t.Errorf("dropped %q", got)
	}
	if _, ok := r.readers["app-spread-repartition"]; !ok {
		t.Errorf("topics read: %v", r.readers)
	}
}

// Keys that have not changed since a repartition need no second one.
func TestNoRepartitionWithoutNewKeys(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	keyed := topology.Repartition(topology.SelectKey(in, func(_, v string) string { return v }), "keyed")
	topology.Count(topology.GroupByKey(topology.MapValues(keyed, strings.ToUpper)), "counts")
	r := run(t, b)
	if len(r.readers) != 2 {
		t.Errorf("topics read: %v", r.readers)
	}
}

// What a group is told about its serdes holds for repartition topic, store and
// table; an aggregation's own key serde also helps the topic out.
func TestSerdesOfGroupsAndAggregations(t *testing.T) {
	type id string // has no serde of its own
	ids := serdeOf(func(s string) id { return id(s) }, func(v id) string { return string(v) })
	byValue := func(_ string, v string) id { return id(v) }
	for name, build := range map[string]func(in stream) topology.KTable[id, int64]{
		"group": func(in stream) topology.KTable[id, int64] {
			return topology.Count(topology.GroupBy(in, byValue, topology.KeySerde(ids)), "counts")
		},
		"aggregation": func(in stream) topology.KTable[id, int64] {
			return topology.Count(topology.GroupBy(in, byValue), "counts", topology.Serdes(ids, serde.DecimalInt64))
		},
		"group without repartition": func(in stream) topology.KTable[id, int64] {
			keyed := topology.Repartition(topology.SelectKey(in, byValue), "keyed", topology.KeySerde(ids))
			group := topology.GroupByKey(keyed, topology.Serdes(ids, serde.String))
			return topology.Aggregate(group, "counts", aggregate.Count[string](), topology.ValueSerde(serde.DecimalInt64))
		},
	} {
		b := topology.New()
		counts := build(topology.Stream[string, string](b, "in"))
		topology.To(topology.MapValues(counts.ToStream(), func(n int64) string { return fmt.Sprint(n) }), "out")
		r := run(t, b)
		r.want("k=v@1", "out v=1@1")
		if r.want("k=v@2", "out v=2@2"); t.Failed() {
			t.Fatal(name)
		}
	}
}

// serdeOf is a serde of a type that is a string at heart.
func serdeOf[T any](decode func(string) T, encode func(T) string) serde.Serde[T] {
	return textSerde[T]{decode, encode}
}

type textSerde[T any] struct {
	decode func(string) T
	encode func(T) string
}

func (s textSerde[T]) Append(dst []byte, v T) ([]byte, error) {
	return append(dst, s.encode(v)...), nil
}
func (s textSerde[T]) Decode(b []byte) (T, error) { return s.decode(string(b)), nil }
