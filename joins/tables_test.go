package joins_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

type (
	table = topology.KTable[string, string]
	maybe = processor.Maybe[string]
)

func some(v maybe) string {
	if v.OK {
		return v.Value
	}
	return "-"
}

// triple is a row of three tables.
type triple struct{ a, b, c maybe }

func (t triple) String() string { return some(t.a) + some(t.b) + some(t.c) }

func setA(t *triple, v string) { t.a = processor.Some(v) }
func setB(t *triple, v string) { t.b = processor.Some(v) }
func setC(t *triple, v string) { t.c = processor.Some(v) }

// tableCase is a join of tables of the topics a, b and c, and what it has of a
// key by the rows of these.
type tableCase struct {
	build func(a, b, c table) table
	want  func(a, b, c maybe) maybe
}

func (c tableCase) when(has func(a, b, c maybe) bool) tableCase {
	want := c.want
	c.want = func(a, b, cc maybe) maybe {
		if !has(a, b, cc) {
			return maybe{}
		}
		return want(a, b, cc)
	}
	return c
}

func long(_, v string) bool { return len(v) > 1 }

// kept is what a filter by long lets pass.
func kept(v maybe) maybe {
	if v.OK && long("", v.Value) {
		return v
	}
	return maybe{}
}

func tableCases(opts ...topology.Option) map[string]tableCase {
	two := func(a, b, _ maybe) maybe { return processor.Some(some(a) + some(b)) }
	three := func(a, b, c maybe) maybe { return processor.Some(some(a) + some(b) + some(c)) }
	either := func(_ string, l, r maybe) string { return some(l) + some(r) }
	left := func(_, l string, r maybe) string { return l + some(r) }
	both := func(_, l, r string) string { return l + r }
	text := func(t topology.KTable[string, triple]) table { return topology.MapTable(t, triple.String) }
	return map[string]tableCase{
		"inner": tableCase{func(a, b, _ table) table { return joins.InnerTables(a, b, both, opts...) }, two}.
			when(func(a, b, _ maybe) bool { return a.OK && b.OK }),
		"left": tableCase{func(a, b, _ table) table { return joins.LeftTables(a, b, left, opts...) }, two}.
			when(func(a, _, _ maybe) bool { return a.OK }),
		"right": tableCase{func(a, b, _ table) table {
			return joins.RightTables(a, b, func(_ string, l maybe, r string) string { return some(l) + r }, opts...)
		}, two}.when(func(_, b, _ maybe) bool { return b.OK }),
		"outer": tableCase{func(a, b, _ table) table { return joins.OuterTables(a, b, either, opts...) }, two}.
			when(func(a, b, _ maybe) bool { return a.OK || b.OK }),
		"chain": tableCase{func(a, b, c table) table { return joins.InnerTables(joins.LeftTables(a, b, left), c, both, opts...) }, three}.
			when(func(a, _, c maybe) bool { return a.OK && c.OK }),
		"tables": tableCase{func(a, b, c table) table {
			return text(joins.Tables("t", joins.Required(a, setA), joins.Optional(b, setB), joins.Required(c, setC)))
		}, three}.when(func(a, _, c maybe) bool { return a.OK && c.OK }),
		"tables, all optional": tableCase{func(a, b, c table) table {
			return text(joins.Tables("t", joins.Optional(a, setA), joins.Optional(b, setB), joins.Optional(c, setC)))
		}, three}.when(func(a, b, c maybe) bool { return a.OK || b.OK || c.OK }),
		"itself": tableCase{func(a, _, _ table) table { return joins.InnerTables(a, a, both, opts...) },
			func(a, _, _ maybe) maybe { return processor.Some(some(a) + some(a)) }}.when(func(a, _, _ maybe) bool { return a.OK }),
		"derived first": tableCase{func(a, _, _ table) table { return joins.OuterTables(a.Filter(long), a, either, opts...) },
			func(a, _, _ maybe) maybe { return processor.Some(some(kept(a)) + some(a)) }}.when(func(a, _, _ maybe) bool { return a.OK }),
		"derived second": tableCase{func(a, _, _ table) table {
			return joins.InnerTables(a, a.Filter(long, topology.Stored("long")), both, opts...)
		}, func(a, _, _ maybe) maybe { return processor.Some(some(a) + some(a)) }}.when(func(a, _, _ maybe) bool { return kept(a).OK }),
		"joins of one table": tableCase{func(a, b, c table) table {
			return joins.OuterTables(joins.InnerTables(a, b, both), joins.LeftTables(a, c, left), either, opts...)
		}, func(a, b, c maybe) maybe {
			first := "-"
			if b.OK {
				first = a.Value + b.Value
			}
			return processor.Some(first + a.Value + some(c))
		}}.when(func(a, _, _ maybe) bool { return a.OK }),
	}
}

// sorted are the values of a group in order.
func sorted() aggregate.Aggregation[string, string, string] {
	agg := aggregate.New(func() string { return "" }, func(acc, v string) (string, error) {
		list := append(strings.Fields(acc), v)
		slices.Sort(list)
		return strings.Join(list, " "), nil
	})
	agg.Remove = func(acc, v string) (string, error) {
		list := strings.Fields(acc)
		if i := slices.Index(list, v); i >= 0 {
			return strings.Join(slices.Delete(list, i, i+1), " "), nil
		}
		return acc + " without-" + v, nil
	}
	return agg
}

// followed has the join's updates in topic out, and all its rows in a group,
// which is right only if each change says what it replaces.
func followed(t table) {
	topology.To(t.ToStream(), "out", topology.Serdes(serde.String, serde.String))
	all := topology.GroupTable(t, func(_, row string) topology.Pair[string, string] {
		return topology.Pair[string, string]{Key: "all", Value: row}
	})
	topology.Aggregate(all, "rows", sorted())
}

// However rows come and go, a join has what its tables make, each change says
// what it replaces, and a crash changes nothing.
func TestTableJoinsAgreeWithMaps(t *testing.T) {
	for _, stored := range []bool{false, true} {
		var opts []topology.Option
		suffix := ""
		if stored {
			opts, suffix = []topology.Option{topology.Stored("joined")}, ", stored"
		}
		for name, c := range tableCases(opts...) {
			t.Run(name+suffix, func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) { checkTables(t, rt, c, nil) })
			})
		}
	}
}

// Of tables that hold changes back a store keeps the rows that were sent on.
func TestJoinsOfTablesThatHoldBackAgreeWithMaps(t *testing.T) {
	for name, c := range tableCases() {
		build := c.build
		c.build = func(a, b, c table) table {
			return build(a.FilterNot(func(_, _ string) bool { return false }, topology.Stored("sent")), b, c)
		}
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { checkTables(t, rt, c, []topology.Option{topology.EmitLatest(0)}) })
		})
	}
}

func TestTablesThatHoldBackAreNotJoined(t *testing.T) {
	b := topology.New()
	left := topology.Table[string, string](b, "left", "left-rows", topology.EmitLatest(0))
	right := topology.Table[string, string](b, "right", "right-rows")
	joins.InnerTables(left.Filter(long), right, func(_, l, r string) string { return l + r })
	_, err := b.Build()
	if err == nil || !strings.Contains(err.Error(), "tables_test.go:") || !strings.Contains(err.Error(), "holds changes back") {
		t.Errorf("the error is %v", err)
	}
}

// What a record changed before it failed is in no row, though it was to be sent
// on at the record's end.
func TestFailedRecordLeavesNoTraceInAJoin(t *testing.T) {
	b := topology.New()
	all := topology.Table[string, string](b, "in", "rows")
	joined := joins.InnerTables(all, all, func(_, l, r string) string { return l + r })
	topology.To(topology.MapValuesErr(joined.ToStream(), func(v string) (string, error) {
		if v == "failfail" {
			return "", errors.New("a failure")
		}
		return v, nil
	}), "out")
	skip := processor.Policies{}
	skip.Process.Then = processor.Skip
	d := streamstest.New(t, b, streamstest.Config{Errors: skip})
	in, out := streamstest.In[string, string](d, "in"), streamstest.Out[string, string](d, "out")
	in.PipeAt("k", "a", 1)
	in.PipeAt("k", "fail", 2)
	in.PipeAt("j", "b", 3)
	if got, want := out.Text(), "k=aa@1, j=bb@3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A row of a join that is made of a join is looked up with the latest time of its
// parts, and a record that changes both changes it once.
func TestRowsOfJoinsHaveTheLatestTime(t *testing.T) {
	b := topology.New()
	a, c := topology.Table[string, string](b, "a", "a-rows"), topology.Table[string, string](b, "c", "c-rows")
	joined := joins.OuterTables(a, c, func(_ string, l, r maybe) string { return some(l) + some(r) })
	topology.To(joins.LeftTables(a, joined, func(_, l string, r maybe) string { return l + ":" + some(r) }).ToStream(), "out",
		topology.Serdes(serde.String, serde.String))
	d := streamstest.New(t, b, streamstest.Config{})
	out := streamstest.Out[string, string](d, "out")
	streamstest.In[string, string](d, "c").PipeAt("k", "1", 7)
	streamstest.In[string, string](d, "a").PipeAt("k", "2", 5)
	streamstest.In[string, string](d, "c").PipeNull("k")
	if got, want := out.Text(), "k=2:21@7, k=2:2-@5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func checkTables(t *testing.T, rt *rapid.T, c tableCase, ofA []topology.Option) {
	b := topology.New()
	topics := []string{"a", "b", "c"}
	var tables []table
	for i, topic := range topics {
		opts := ofA
		if i > 0 {
			opts = nil
		}
		tables = append(tables, topology.Table[string, string](b, topic, topic+"-rows", opts...))
	}
	followed(c.build(tables[0], tables[1], tables[2]))
	crashes := rapid.Bool().Draw(rt, "crashes")
	d := streamstest.New(t, b, streamstest.Config{CommitEvery: rapid.IntRange(1, 5).Draw(rt, "commit every")})
	defer d.Close()
	out := streamstest.Out[string, string](d, "out")

	content := map[string]map[string]maybe{"a": {}, "b": {}, "c": {}}
	for i := range rapid.IntRange(1, 30).Draw(rt, "records") {
		topic, key := rapid.SampledFrom(topics).Draw(rt, "topic"), rapid.SampledFrom([]string{"j", "k"}).Draw(rt, "key")
		r := processor.Record[string, string]{Key: key, HasKey: true, Time: int64(i)} // in the order in which it would be read again
		if !crashes {
			r.Time = rapid.Int64Range(0, 9).Draw(rt, "time")
		}
		r.HasValue = rapid.IntRange(0, 3).Draw(rt, "null") > 0
		if r.HasValue {
			r.Value = rapid.StringMatching(`[xyz]{1,2}`).Draw(rt, "value")
		}
		streamstest.In[string, string](d, topic).Send(r)
		content[topic][key] = maybe{Value: r.Value, OK: r.HasValue}
		if crashes && rapid.IntRange(0, 5).Draw(rt, "crash") == 0 {
			d.Crash(0)
			d.Restart()
		}
	}
	d.Commit()

	want, got := map[string]string{}, map[string]string{}
	for _, key := range []string{"j", "k"} {
		if row := c.want(content["a"][key], content["b"][key], content["c"][key]); row.OK {
			want[key] = row.Value
		}
	}
	for _, r := range out.Rest() {
		if got[r.Key] = r.Value; !r.HasValue {
			delete(got, r.Key)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		rt.Fatalf("rows: -want +got:\n%s", diff)
	}
	group := ""
	for _, acc := range streamstest.Store[string, string](d, "rows").All() {
		group = acc
	}
	if all := strings.Join(slices.Sorted(maps.Values(want)), " "); group != all {
		rt.Fatalf("the group of all rows is %q, want %q", group, all)
	}
}
