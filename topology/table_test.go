package topology_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

type table = topology.KTable[string, string]

// changesOf notes the updates of a table as "old>new", where ~ is no row.
func changesOf(t table) *[]string {
	var all []string
	topology.ChangesOf(t, func(k string, c graph.Change[string]) {
		all = append(all, k+" "+rowOf(c.Old, c.HasOld)+">"+rowOf(c.New, c.HasNew))
	})
	return &all
}

func rowOf(v string, has bool) string {
	if !has {
		return "~"
	}
	return v
}

func even(_, v string) bool { return len(v)%2 == 0 }

func TestTableTakesEachRecordForANewRow(t *testing.T) {
	b := topology.New()
	rows := topology.Table[string, string](b, "in", "rows")
	topology.To(rows.ToStream(), "out")
	changes := changesOf(rows)
	r := run(t, b)
	r.want("k=a@10", "out k=a@10")
	r.want("k=b@5", "out k=b@5") // older, and still the new row
	r.want("~=c@11", "")
	r.want("k=~@12", "out k=~@12")
	r.want("k=~@13", "out k=~@13")
	r.want("k=@14", "out k=@14") // an empty value is a value
	if want := []string{"k ~>a", "k a>b", "k b>~", "k ~>~", "k ~>"}; !slices.Equal(*changes, want) {
		t.Errorf("changes %q, want %q", *changes, want)
	}
	if got := r.drops(); got != "rows null_key 1" {
		t.Errorf("dropped %q", got)
	}
	if slices.ContainsFunc(r.headers, func(h []processor.Header) bool { return len(h) > 0 }) {
		t.Errorf("rows have headers: %v", r.headers)
	}
	if got, want := r.logged[1], `rows "k"="\x00\x00\x00\x00\x00\x00\x00\x05b"@5`; got != want {
		t.Errorf("stored %s, want %s", got, want)
	}
}

// A type with a null of its own deletes rows with it.
func TestTableOfMaybeDeletesOnNull(t *testing.T) {
	for name, build := range map[string]func(b *topology.Builder) topology.KTable[string, processor.Maybe[string]]{
		"table": func(b *topology.Builder) topology.KTable[string, processor.Maybe[string]] {
			return topology.Table[string, processor.Maybe[string]](b, "in", "rows")
		},
		"to-table": func(b *topology.Builder) topology.KTable[string, processor.Maybe[string]] {
			return topology.ToTable(topology.WithNulls(topology.Stream[string, string](b, "in")), "rows")
		},
	} {
		b := topology.New()
		topology.To(build(b).ToStream(), "out")
		r := run(t, b)
		r.want("k=a@1", "out k=a@1")
		r.want("k=~@2", "out k=~@2")
		if r.want("k=b@3", "out k=b@3"); t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestFilteredTableDeletesWhatNoLongerPasses(t *testing.T) {
	for name, opts := range map[string][]topology.Option{"on demand": nil, "stored": {topology.Stored("short")}} {
		b := topology.New()
		rows := topology.Table[string, string](b, "in", "rows")
		topology.To(rows.Filter(func(_, v string) bool { return len(v) < 3 }, opts...).ToStream(), "out")
		topology.To(rows.FilterNot(func(_, v string) bool { return len(v) < 3 }).ToStream(), "rest")
		r := run(t, b)
		r.want("k=long@1", "rest k=long@1") // was never there: no null for it
		r.want("k=a@2", "out k=a@2, rest k=~@2")
		r.want("k=b@3", "out k=b@3")
		r.want("k=long@4", "out k=~@4, rest k=long@4")
		r.want("k=~@5", "rest k=~@5")
		if r.want("k=~@6", ""); t.Failed() {
			t.Fatal(name)
		}
		if stored := slices.ContainsFunc(r.logged, func(s string) bool { return strings.HasPrefix(s, "short ") }); stored != (opts != nil) {
			t.Errorf("%s: logged %q", name, r.logged)
		}
	}
}

func TestMapTableLeavesNullsAlone(t *testing.T) {
	for name, opts := range map[string][]topology.Option{"on demand": nil, "stored": {topology.Stored("lengths")}} {
		b := topology.New()
		rows := topology.Table[string, string](b, "in", "rows")
		lengths := topology.MapTable(rows, func(v string) int64 { return int64(len(v)) }, opts...)
		topology.To(lengths.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
		var old []string
		topology.ChangesOf(lengths, func(_ string, c graph.Change[int64]) { old = append(old, fmt.Sprint(c.Old, c.HasOld)) })
		r := run(t, b)
		r.want("k=~@1", "out k=~@1")
		r.want("k=abc@2", "out k=3@2")
		r.want("k=@3", "out k=0@3")
		r.want("k=~@4", "out k=~@4")
		if want := []string{"0 false", "0 false", "3 true", "0 true"}; !slices.Equal(old, want) {
			t.Errorf("%s: old rows %q, want %q", name, old, want)
		}
	}
}

// transformed makes a row where there is none, and none of rows with an x.
func transformed(key string, row processor.Maybe[string]) processor.Maybe[string] {
	if !row.OK {
		return processor.Some(key + "?")
	}
	return processor.Maybe[string]{Value: row.Value + "!", OK: !strings.Contains(row.Value, "x")}
}

func TestTransformTableSeesNulls(t *testing.T) {
	for name, c := range map[string]struct {
		opts []topology.Option
		want []string
	}{
		"on demand": {nil, []string{"k k?>a!", "k a!>~", "k ~>k?", "k k?>k?"}},
		"stored":    {[]topology.Option{topology.Stored("made")}, []string{"k ~>a!", "k a!>~", "k ~>k?", "k k?>k?"}},
	} {
		b := topology.New()
		rows := topology.TransformTable(topology.Table[string, string](b, "in", "rows"), transformed, c.opts...)
		topology.To(rows.ToStream(), "out")
		changes := changesOf(rows)
		r := run(t, b)
		r.want("k=a@1", "out k=a!@1")
		r.want("k=x@2", "out k=~@2")
		r.want("k=~@3", "out k=k?@3")
		r.want("k=~@4", "out k=k?@4")
		if !slices.Equal(*changes, c.want) {
			t.Errorf("%s: changes %q, want %q", name, *changes, c.want)
		}
	}
}

// An error of a table's function is one of the record that changes its row,
// which then stays as it was.
func TestTableFunctionsCanFail(t *testing.T) {
	refuse := func(v string) error {
		if v == "fail" {
			return errTest
		}
		return nil
	}
	for name, build := range map[string]func(table, ...topology.Option) table{
		"filter-1": func(rows table, opts ...topology.Option) table {
			return rows.FilterErr(func(_, v string) (bool, error) { return v != "null", refuse(v) }, opts...)
		},
		"filter-not-1": func(rows table, opts ...topology.Option) table {
			return rows.FilterNotErr(func(_, v string) (bool, error) { return v == "null", refuse(v) }, opts...)
		},
		"transform-table-1": func(rows table, opts ...topology.Option) table {
			return topology.TransformTableErr(rows, func(_ string, row processor.Maybe[string]) (processor.Maybe[string], error) {
				if row.Value == "null" {
					return processor.Some("ignored"), processor.Null
				}
				return row, refuse(row.Value)
			}, opts...)
		},
	} {
		for _, opts := range [][]topology.Option{nil, {topology.Name(name), topology.Stored("made")}} {
			b := topology.New()
			topology.To(build(topology.Table[string, string](b, "in", "rows"), opts...).ToStream(), "out")
			r := run(t, b)
			r.want("k=a@1", "out k=a@1")
			r.want("k=null@2", "out k=~@2")
			r.want("k=b@3", "out k=b@3")
			var failed *processor.Error
			if err := r.try("in", "k=fail@4"); !errors.As(err, &failed) || !errors.Is(err, errTest) {
				t.Fatalf("%s: error %v", name, err)
			}
			if failed.Class != processor.Process || failed.Node != name {
				t.Errorf("class %s in node %q, want %q", failed.Class, failed.Node, name)
			}
		}
	}
}

func TestToTableRepartitionsRekeyedStreams(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	byFirst := topology.SelectKeyErr(in, func(_, v string) (string, error) {
		if v == "" {
			return "", processor.Null
		}
		return v[:1], nil
	})
	topology.To(topology.ToTable(byFirst, "rows").ToStream(), "out")
	r := run(t, b)
	r.want("k=apple@1", "out a=apple@1")
	r.want("j=avocado@0", "out a=avocado@0")
	r.want("k=@2", "")
	if _, ok := r.readers["app-rows-repartition"]; !ok {
		t.Errorf("topics read: %v", r.readers)
	}
	if got := r.drops(); got != "rows-repartition-sink null_key 1" {
		t.Errorf("dropped %q", got)
	}
}

func TestToTableDropsNullKeysItself(t *testing.T) {
	b := topology.New()
	topology.To(topology.ToTable(topology.Stream[string, string](b, "in"), "rows").ToStream(), "out")
	r := run(t, b)
	r.want("~=a@1", "")
	r.want("k=a@1", "out k=a@1")
	if got := r.drops(); got != "rows null_key 1" {
		t.Errorf("dropped %q", got)
	}
}

// found is a row that was looked up. A value beside ok = false counts for
// nothing.
func found(row string, ok bool) string {
	if !ok {
		return "none"
	}
	return "row " + row
}

// Whatever a table is made of, looking up a row finds what its last update
// said, and an update's old row is what was found before it.
func TestRowsThatAreLookedUpAreThoseThatWereSentOn(t *testing.T) {
	tables := map[string]func(b *topology.Builder) table{
		"table": func(b *topology.Builder) table { return topology.Table[string, string](b, "in", "rows") },
		"stream": func(b *topology.Builder) table {
			return topology.ToTable(topology.Stream[string, string](b, "in"), "rows")
		},
		"reduce": func(b *topology.Builder) table {
			return topology.ReduceErr(topology.GroupByKey(topology.Stream[string, string](b, "in")), "rows", func(row, v string) (string, error) {
				if len(row) > 5 {
					return "", processor.Null
				}
				return row + v, nil
			})
		},
	}
	steps := []func(t table, opts ...topology.Option) table{
		func(t table, opts ...topology.Option) table { return t.Filter(even, opts...) },
		func(t table, opts ...topology.Option) table { return t.FilterNot(even, opts...) },
		func(t table, opts ...topology.Option) table {
			return topology.MapTable(t, func(v string) string { return "<" + v + ">" }, opts...)
		},
		func(t table, opts ...topology.Option) table { return topology.TransformTable(t, transformed, opts...) },
	}
	for name, build := range tables {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				b := topology.New()
				rows := build(b)
				all := []table{rows}
				for i := range rapid.IntRange(0, 4).Draw(rt, "steps") {
					var opts []topology.Option
					if rapid.Bool().Draw(rt, "stored") {
						opts = append(opts, topology.Stored(fmt.Sprintf("stored-%d", i)))
					}
					rows = steps[rapid.IntRange(0, len(steps)-1).Draw(rt, "step")](rows, opts...)
					all = append(all, rows)
				}
				for i, rows := range all {
					last := map[string]string{}
					topology.ViewOf(rows, func(key string, c graph.Change[string], view graph.Getter[string, string]) error {
						row, _, ok, err := view.Get(key)
						if got, want := found(row, ok), found(c.New, c.HasNew); got != want || err != nil {
							return fmt.Errorf("table %d: found %s after %s, %v", i, got, want, err)
						}
						old := found(c.Old, c.HasOld)
						if before, known := last[key]; known && before != old {
							return fmt.Errorf("table %d: the old row is %s and was %s", i, old, before)
						}
						last[key] = found(row, ok)
						return nil
					})
				}
				r := run(t, b)
				for range rapid.IntRange(1, 30).Draw(rt, "records") {
					record := rapid.StringMatching(`[ab~]=(~|[xy]{0,3})@[0-9]`).Draw(rt, "record")
					if err := r.try("in", record); err != nil {
						rt.Fatal(err)
					}
				}
			})
		})
	}
}

// skips has records that fail skipped.
func skips(c *task.Config) { c.Policies.Process = processor.Policy{Then: processor.Skip} }

// failsAt fails at the values FAIL, at the end of all that is behind a table.
func failsAt(t table) {
	t.ToStream().ForEachErr(func(_, v string) error {
		if v == "FAIL" {
			return errTest
		}
		return nil
	})
}

// A record that fails behind a table never was.
func TestFailureDownstreamLeavesTablesAsTheyWere(t *testing.T) {
	b := topology.New()
	rows := topology.Table[string, string](b, "in", "rows").Filter(even, topology.Stored("even"))
	changes := changesOf(rows)
	failsAt(topology.MapTable(rows, strings.ToUpper, topology.Stored("upper")))
	r := run(t, b, skips)
	r.send("in", "k=ab@1")
	r.send("in", "k=fail@2")
	r.send("in", "k=cd@3")
	if want := []string{"k ~>ab", "k ab>fail", "k ab>cd"}; !slices.Equal(*changes, want) {
		t.Errorf("changes %q, want %q", *changes, want)
	}
	if len(r.logged) != 6 || strings.Contains(strings.Join(r.logged, ""), "fail") {
		t.Errorf("logged %q", r.logged)
	}
}
