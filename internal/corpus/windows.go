package corpus

import (
	"time"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Aggregations in windows. The first two are those of the golden traces, whose
// windows are shown as text.

func init() {
	const ms = time.Millisecond
	register("tumbling-count", func(b *topology.Builder) {
		windows := windowing.Tumbling(10 * ms).Grace(5 * ms)
		counts := windowing.Count(topology.GroupByKey(input(b)), "counts", windows)
		topology.To(topology.SelectKey(counts.ToStream(), windowText[int64]), "out", numberOut)
	})
	register("hopping-reduce", func(b *topology.Builder) {
		windows := windowing.Hopping(12*ms, 4*ms).Grace(8 * ms)
		rows := windowing.Reduce(topology.GroupByKey(input(b)), "rows", windows, joined)
		topology.To(topology.SelectKey(rows.ToStream(), windowText[string]), "out", textOut)
	})

	final := func(b *topology.Builder, w windowing.Windows) {
		rows := windowing.Reduce(topology.GroupByKey(input(b)), "rows", w, joined, windowing.EmitOnClose())
		topology.To(topology.SelectKey(rows.ToStream(), windowText[string]), "out", textOut)
	}
	register("tumbling-final", func(b *topology.Builder) { final(b, windowing.Tumbling(10*ms).Grace(5*ms)) })
	register("hopping-final", func(b *topology.Builder) { final(b, windowing.Hopping(12*ms, 4*ms).Grace(8*ms)) })

	minutes := windowing.Tumbling(time.Minute).Grace(10 * time.Second)
	register("tumbling", func(b *topology.Builder) {
		counts := windowing.Count(topology.GroupByKey(input(b)), "counts", minutes, kept)
		topology.To(counts.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	})
	hops := windowing.Hopping(time.Minute, 20*time.Second).Grace(20 * time.Second)
	register("hopping", func(b *topology.Builder) {
		sums := windowing.Aggregate(topology.GroupByKey(input(b)), "sums", hops, aggregate.Sum(number), kept)
		topology.To(sums.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	})
	for name, emission := range map[string][]topology.Option{
		"emit-on-close":   {windowing.EmitOnClose()},
		"emit-then-late":  {windowing.EmitOnCloseThenLate()},
		"close-idle":      {windowing.EmitOnClose(), windowing.CloseIdle(30 * time.Second)},
		"latest-windows":  {topology.EmitLatest(10 * time.Second)},
		"windows-at-once": {topology.EmitSnapshot(10 * time.Second)},
	} {
		register(name, func(b *topology.Builder) {
			counts := windowing.Count(topology.GroupByKey(input(b)), "counts", minutes, append(emission, kept)...)
			topology.To(counts.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
		})
	}
	register("late", func(b *topology.Builder) {
		counts := windowing.Count(topology.GroupByKey(input(b)), "counts", hops, kept)
		topology.To(counts.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
		topology.To(counts.Late(), "late")
	})
	register("tumbling-by-value", func(b *topology.Builder) {
		byValue := topology.GroupBy(input(b), func(_, v string) string { return v })
		rows := windowing.Reduce(byValue, "rows", minutes, joined, kept)
		topology.To(topology.MapTable(rows.KTable, func(v string) int64 { return int64(len(v)) }).ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	})
}

// kept has a broker keep the records of a changelog however old they are: the
// scripts' times are in 1970.
var kept = topology.LogConfig(map[string]string{"retention.ms": "-1"})

func joined(row, v string) string { return row + v }

func windowText[V any](w state.Windowed[string], _ V) string { return w.String() }
