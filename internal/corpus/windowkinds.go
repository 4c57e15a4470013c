package corpus

import (
	"strings"
	"time"
	_ "time/tzdata" // not all machines have it

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Windows that do not begin at fixed times. The first one is that of the golden
// traces.

func init() {
	register("sliding-reduce", func(b *topology.Builder) {
		windows := windowing.Sliding(10 * time.Millisecond).Grace(12 * time.Millisecond)
		rows := windowing.Reduce(topology.GroupByKey(input(b)), "rows", windows, joined)
		topology.To(topology.SelectKey(rows.ToStream(), closedText[string]), "out", textOut)
	})
	register("sliding", func(b *topology.Builder) {
		rows := windowing.Reduce(topology.GroupByKey(input(b)), "rows", windowing.Sliding(10*time.Second).Grace(30*time.Second), joined, kept)
		topology.To(rows.ToStream(), "out")
	})
	register("cogroup-windows", func(b *topology.Builder) {
		left := topology.GroupByKey(topology.Stream[string, string](b, "left"))
		right := topology.GroupByKey(topology.Stream[string, string](b, "right"))
		parts := topology.Into(left, appended(strings.Clone)).And(topology.Into(right, appended(strings.ToUpper)))
		rows := windowing.Cogroup(parts, "rows", windowing.Tumbling(time.Minute).Grace(10*time.Second), kept)
		topology.To(rows.ToStream(), "out")
	})
	register("months", func(b *topology.Builder) {
		newYork, _ := time.LoadLocation("America/New_York") // is linked in
		counts := windowing.Count(topology.GroupByKey(input(b)), "counts", windowing.Calendar{In: newYork}.Months().Grace(time.Hour), kept)
		topology.To(counts.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	})
	register("unlimited", func(b *topology.Builder) {
		counts := windowing.Count(topology.GroupByKey(input(b)), "counts", windowing.Unlimited(time.UnixMilli(0).Add(time.Minute)), kept)
		topology.To(counts.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	})
}

// closedText is the key of a window whose end is part of it.
func closedText[V any](w state.Windowed[string], _ V) string {
	return strings.TrimSuffix(w.String(), ")") + "]"
}
