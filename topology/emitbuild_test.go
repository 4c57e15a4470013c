package topology_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// Every operator that makes a table with a store can hold back.
func TestAllTablesCanHoldBack(t *testing.T) {
	type table = topology.KTable[string, string]
	upper := aggregate.New(func() string { return "" }, func(acc, v string) (string, error) { return acc + strings.ToUpper(v), nil })
	for name, c := range map[string]struct {
		build func(b *topology.Builder, o topology.Option) table
		want  string
	}{
		"Count": {func(b *topology.Builder, o topology.Option) table {
			return topology.MapTable(topology.Count(topology.GroupByKey(topology.Stream[string, string](b, "in")), "t", o),
				func(n int64) string { return fmt.Sprint(n) })
		}, "k=2@2"},
		"Reduce": {func(b *topology.Builder, o topology.Option) table { return held(b, o) }, "k=ab@2"},
		"Aggregate": {func(b *topology.Builder, o topology.Option) table {
			return topology.Aggregate(topology.GroupByKey(topology.Stream[string, string](b, "in")), "t", upper, o)
		}, "k=AB@2"},
		"Cogroup": {func(b *topology.Builder, o topology.Option) table {
			return topology.Cogroup(topology.Into(topology.GroupByKey(topology.Stream[string, string](b, "in")), upper), "t", o)
		}, "k=AB@2"},
		"Table": {func(b *topology.Builder, o topology.Option) table {
			return topology.Table[string, string](b, "in", "t", o)
		}, "k=b@2"},
		"ToTable": {func(b *topology.Builder, o topology.Option) table {
			return topology.ToTable(topology.Stream[string, string](b, "in"), "t", o)
		}, "k=b@2"},
	} {
		for how, o := range map[string]topology.Option{
			"latest of a commit": topology.EmitLatest(0), "latest": topology.EmitLatest(time.Second), "snapshot": topology.EmitSnapshot(time.Second),
		} {
			b := topology.New()
			topology.To(c.build(b, o).ToStream(), "out")
			d := streamstest.New(t, b, streamstest.Config{ManualCommit: true})
			in, out := streamstest.In[string, string](d, "in"), streamstest.Out[string, string](d, "out")
			in.PipeAt("k", "a", 1)
			in.PipeAt("k", "b", 2)
			d.Advance(time.Second)
			d.Commit()
			if got := out.Text(); got != c.want {
				t.Errorf("%s, %s: got %s, want %s", name, how, got, c.want)
			}
		}
	}
}

func TestEmissionsThatCannotBeAreErrorsAtBuild(t *testing.T) {
	onClose := func(o *graph.Options) { o.Give(graph.OptEmitOnClose); o.Emission.OnClose = true }
	hours := topology.EmitSnapshot(time.Hour)
	for _, c := range []struct {
		name  string
		build func(b *topology.Builder)
		want  string
	}{
		{"on a stateless operator", func(b *topology.Builder) {
			topology.Stream[string, string](b, "more").Peek(func(_, _ string) {}, hours)
		}, "peek does not take option EmitSnapshot: aggregations and tables with a store of their own have rows to hold back"},
		{"on a sink", func(b *topology.Builder) {
			topology.To(topology.Stream[string, string](b, "more"), "out", topology.EmitLatest(0))
		}, "to does not take option EmitLatest: aggregations and tables with a store of their own have rows to hold back"},
		{"append without windows", func(b *topology.Builder) { held(b, onClose) },
			"reduce: EmitOnClose is for windows: without them a row never closes"},
		{"two at once", func(b *topology.Builder) { held(b, hours, topology.EmitLatest(0)) },
			"reduce: EmitLatest and EmitSnapshot exclude each other"},
		{"snapshot of a versioned table", func(b *topology.Builder) {
			topology.Table[string, string](b, "more", "rows", hours, topology.Versioned(time.Hour))
		}, "table: EmitSnapshot and Versioned exclude each other: a versioned store does not list its rows"},
		{"snapshot at once", func(b *topology.Builder) { held(b, topology.EmitSnapshot(0)) },
			"reduce: emission every 0s: give an interval of 1 ms or more"},
		{"negative interval", func(b *topology.Builder) { held(b, topology.EmitLatest(-time.Second)) },
			"reduce: emission every -1s: give an interval of 1 ms or more"},
		{"short interval", func(b *topology.Builder) { held(b, topology.EmitLatest(time.Microsecond)) },
			"reduce: emission every 1\u00b5s: give an interval of 1 ms or more"},
		{"no serde of the rows", func(b *topology.Builder) {
			type total struct{ n int }
			counts := aggregate.Aggregation[string, int64, total]{
				Init: func() int64 { return 0 }, Add: func(n int64, _ string) (int64, error) { return n + 1, nil },
				Result: func(n int64) total { return total{int(n)} }, Bytes: func(serde.Serde[string]) serde.Serde[int64] { return serde.Int64 },
			}
			topology.Aggregate(topology.GroupByKey(topology.Stream[string, string](b, "more")), "totals", counts, topology.EmitLatest(time.Second))
		}, "emit: value: no serde for topology_test.total"},
		{"changes of snapshots", func(b *topology.Builder) {
			rows := held(b, hours).Filter(func(_, _ string) bool { return true })
			topology.Count(topology.GroupTable(rows, func(k, v string) pair { return pair{Key: v, Value: k} }), "counts")
		}, "repartition needs each change of table rows, which emits snapshots only (topology/emit"},
		{"store of snapshots", func(b *topology.Builder) {
			held(b, hours).Filter(func(_, _ string) bool { return true }, topology.Stored("kept"))
		}, "filter needs each change of table rows, which emits snapshots only (topology/emit"},
	} {
		b := topology.New()
		c.build(b)
		_, err := b.Build()
		if err == nil || !strings.HasPrefix(err.Error(), "topology/emit") || !strings.Contains(err.Error(), ": "+c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got  %v\nwant %s", c.name, err, c.want)
		}
	}
}
