package topology_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// regrouped is topic in as a table, its rows grouped by their first character.
func regrouped(b *topology.Builder, opts ...topology.Option) topology.KGroupedTable[string, string] {
	return topology.GroupTable(topology.Table[string, string](b, "in", "rows"), byFirst, opts...)
}

func byFirst(_, row string) topology.Pair[string, string] {
	return topology.Pair[string, string]{Key: row[:min(1, len(row))], Value: row}
}

// sorted are the values of a group in order, with + between them.
func sorted() aggregate.Aggregation[string, string, string] {
	split := func(acc string) []string {
		if acc == "" {
			return nil
		}
		return strings.Split(acc, "+")
	}
	agg := aggregate.New(func() string { return "" }, func(acc, v string) (string, error) {
		list := append(split(acc), v)
		slices.Sort(list)
		return strings.Join(list, "+"), nil
	})
	agg.Remove = func(acc, v string) (string, error) {
		list := split(acc)
		if i := slices.Index(list, v); i >= 0 {
			list = slices.Delete(list, i, i+1)
		}
		return strings.Join(list, "+"), nil
	}
	return agg
}

func TestRowsMoveFromGroupToGroup(t *testing.T) {
	b := topology.New()
	topology.To(topology.Aggregate(regrouped(b), "lists", sorted()).ToStream(), "out")
	r := run(t, b)
	r.want("k=ab@5", "out a=ab@5")
	r.want("j=aa@3", "out a=aa+ab@5")
	r.want("k=ba@4", "out a=aa@5, out b=ba@4") // leaves the one, then gets to the other
	r.want("j=ac@9", "out a=ac@9")             // one change in place: the group is never without the row
	r.want("k=~@6", "out b=@6")                // the group stays, with nothing in it
	r.want("k=~@7", "")
	r.want("~=a@8", "")
	if got := r.drops(); got != "rows null_key 1" {
		t.Errorf("dropped %q", got)
	}
	if _, ok := r.readers["app-lists-repartition"]; !ok {
		t.Errorf("topics read: %v", r.readers)
	}
}

func TestGroupedTablesAreCountedAndReduced(t *testing.T) {
	b := topology.New()
	group := topology.GroupTable(topology.Table[string, int64](b, "in", "rows", topology.ValueSerde(serde.DecimalInt64)),
		func(key string, n int64) topology.Pair[string, int64] {
			return topology.Pair[string, int64]{Key: key[:1], Value: n}
		}, topology.Name("by-first"), topology.ValueSerde(serde.Int64))
	decimal := topology.ValueSerde(serde.DecimalInt64)
	topology.To(topology.Count(group, "counts").ToStream(), "counts-out", decimal)
	sums := topology.Reduce(group, "sums", func(a, b int64) int64 { return a + b },
		topology.Subtract(func(a, b int64) int64 { return a - b }))
	topology.To(sums.ToStream(), "sums-out", decimal)
	r := run(t, b)
	r.want("ka=3@1", "counts-out k=1@1, sums-out k=3@1")
	r.want("kb=4@2", "counts-out k=2@2, sums-out k=7@2")
	r.want("ka=5@3", "counts-out k=2@3, sums-out k=9@3")
	r.want("kb=~@4", "counts-out k=1@4, sums-out k=5@4")
	r.want("ka=~@5", "counts-out k=0@5, sums-out k=0@5")
	if len(r.readers) != 2 {
		t.Errorf("topics read: %v", r.readers)
	}
}

// A row that an aggregation deleted has nothing to take out of: what remains is
// a change from no row to no row, which Kafka Streams sends on as well.
func TestNothingIsTakenOutOfADeletedRow(t *testing.T) {
	b := topology.New()
	agg := sorted()
	add := agg.Add
	agg.Add = func(acc, v string) (string, error) {
		if v == "a-" {
			return acc, processor.Null
		}
		return add(acc, v)
	}
	agg.Remove = func(acc, v string) (string, error) {
		if v == acc {
			return acc, processor.Null
		}
		return "?", nil
	}
	rows := topology.Aggregate(regrouped(b), "lists", agg)
	topology.To(rows.ToStream(), "out")
	changes := changesOf(rows)
	r := run(t, b)
	r.want("j=a1@1", "out a=a1@1")
	r.want("k=a-@2", "out a=~@2")
	r.want("k=~@3", "out a=~@3")
	r.want("j=a2@4", "out a=a2@4") // a1 is not in it any more
	r.want("j=a3@5", "out a=a3@5") // Remove deletes the row, Add begins a new one
	r.want("j=~@6", "out a=~@6")
	if want := []string{"a ~>a1", "a a1>~", "a ~>~", "a ~>a2", "a a2>a3", "a a3>~"}; !slices.Equal(*changes, want) {
		t.Errorf("changes %q, want %q", *changes, want)
	}
}

func TestRowsWithNullKeyOrValueAreInNoGroup(t *testing.T) {
	type maybe = processor.Maybe[string]
	b := topology.New()
	group := topology.GroupTable(topology.Table[string, string](b, "in", "rows"), func(_, row string) topology.Pair[maybe, maybe] {
		key, value, _ := strings.Cut(row, ":")
		return topology.Pair[maybe, maybe]{Key: maybe{Value: key, OK: key != ""}, Value: maybe{Value: value, OK: value != ""}}
	})
	topology.To(topology.Count(group, "counts").ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	r := run(t, b)
	r.want("k=a:1@1", "out a=1@1")
	r.want("k=:1@2", "out a=0@2")
	r.want("k=a:@3", "")
	r.want("k=a:2@4", "out a=1@4")
	r.want("k=~@5", "out a=0@5")
	if got, want := r.drops(), "group-table-1 null_key 1, group-table-1 null_value 1"; got != want {
		t.Errorf("dropped %q, want %q", got, want)
	}
}

// Keys are compared by their bytes: those of these are equal whatever the case.
func TestGroupsAreToldApartByTheBytesOfTheirKeys(t *testing.T) {
	type name struct{ text *string }
	b := topology.New()
	lower := func(n name) string { return strings.ToLower(*n.text) }
	topology.Register(b, serdeOf(func(s string) name { return name{&s} }, lower))
	group := topology.GroupTable(topology.Table[string, string](b, "in", "rows"), func(_, row string) topology.Pair[name, string] {
		return topology.Pair[name, string]{Key: name{&row}, Value: row}
	})
	topology.To(topology.Aggregate(group, "lists", sorted()).ToStream(), "out")
	r := run(t, b)
	r.want("k=A@1", "out a=A@1")
	r.want("k=a@2", "out a=a@2")
	r.want("k=b@3", "out a=@3, out b=b@3")
}

func TestStaleChangesConcernNoGroup(t *testing.T) {
	b := topology.New()
	rows := topology.WithChange(topology.Table[string, string](b, "in", "rows"), func(c graph.Change[string]) graph.Change[string] {
		c.Stale = c.New == "stale"
		return c
	})
	topology.To(topology.Count(topology.GroupTable(rows, byFirst), "counts").ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	r := run(t, b)
	r.want("k=a@1", "out a=1@1")
	r.want("k=stale@2", "")
	if got := r.drops(); got != "group-table-1 stale 1" {
		t.Errorf("dropped %q", got)
	}
}

// A failure in the second subtopology leaves no trace in the group.
func TestFailureOfAGroupLeavesNoTrace(t *testing.T) {
	b := topology.New()
	agg := sorted()
	add := agg.Add
	agg.Add = func(acc, v string) (string, error) {
		if v == "fail" {
			return "", errTest
		}
		return add(acc, v)
	}
	topology.To(topology.Aggregate(topology.GroupTable(topology.Table[string, string](b, "in", "rows"),
		func(_, row string) topology.Pair[string, string] {
			return topology.Pair[string, string]{Key: "all", Value: row}
		}), "lists", agg).ToStream(), "out")
	r := run(t, b, skips)
	r.want("k=a@1", "out all=a@1")
	r.want("j=b@2", "out all=a+b@2")
	r.want("k=fail@3", "")
	r.want("k=~@4", "out all=a+b@4") // a was never taken out: its change was skipped as a whole
}

// However rows come and go, a group is what the rows that are there make of it.
func TestGroupsAreWhatTheirRowsMake(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := topology.New()
		lists := map[string]string{}
		topology.ChangesOf(topology.Aggregate(regrouped(b), "lists", sorted()), func(k string, c graph.Change[string]) {
			if c.Old != lists[k] {
				rt.Errorf("group %s: the old row is %s and was %s", k, c.Old, lists[k])
			}
			lists[k] = c.New
		})
		r := run(t, b)
		rows := map[string]string{}
		for range rapid.IntRange(1, 40).Draw(rt, "records") {
			key := rapid.SampledFrom([]string{"i", "j", "k"}).Draw(rt, "key")
			value := rapid.StringMatching(`~|[ab]{1,2}`).Draw(rt, "value")
			r.send("in", fmt.Sprintf("%s=%s@%d", key, value, rapid.IntRange(0, 9).Draw(rt, "time")))
			if rows[key] = value; value == "~" {
				delete(rows, key)
			}
		}
		want := map[string][]string{}
		for _, row := range slices.Sorted(maps.Values(rows)) {
			want[row[:1]] = append(want[row[:1]], row)
		}
		for _, k := range []string{"a", "b"} {
			if got := lists[k]; got != strings.Join(want[k], "+") {
				rt.Errorf("group %s is %s, want %v", k, got, want[k])
			}
		}
	})
}
