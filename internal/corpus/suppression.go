package corpus

import (
	"time"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Tables whose updates are held back. Those in milliseconds are of the golden
// traces.

func init() {
	const ms = time.Millisecond
	register("tumbling-suppress", func(b *topology.Builder) {
		rows := windowing.Reduce(topology.GroupByKey(input(b)), "rows", windowing.Tumbling(10*ms).Grace(5*ms), joined)
		final := windowing.Suppress(rows, "final", windowing.UntilClose())
		topology.To(topology.SelectKey(final.ToStream(), windowText[string]), "out", textOut)
	})
	register("session-suppress", func(b *topology.Builder) {
		rows := windowing.Reduce(topology.GroupByKey(input(b)), "rows", windowing.Sessions(5*ms).Grace(10*ms), joined)
		final := windowing.Suppress(rows, "final", windowing.UntilClose())
		topology.To(final.ToStream(), "out", topology.KeySerde(sessionNames{}))
	})
	for name, until := range map[string]windowing.Until{
		"suppress-time-limit":  windowing.UntilLimit(10 * ms),
		"suppress-max-records": windowing.UntilLimit(1000 * ms).MaxRecords(2),
		"suppress-limit":       windowing.UntilLimit(time.Minute),
		"suppress-bounded":     windowing.UntilLimit(time.Minute).MaxRecords(2),
	} {
		register(name, func(b *topology.Builder) {
			counts := topology.Count(topology.GroupByKey(input(b)), "counts")
			topology.To(windowing.Suppress(counts, "fewer", until).ToStream(), "out", numberOut)
		})
	}
	register("suppress", func(b *topology.Builder) {
		minutes := windowing.Tumbling(time.Minute).Grace(10 * time.Second)
		counts := windowing.Count(topology.GroupByKey(input(b)), "counts", minutes, kept)
		final := windowing.Suppress(counts, "final", windowing.UntilClose())
		topology.To(final.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	})
	register("suppress-table", func(b *topology.Builder) {
		fewer := windowing.Suppress(topology.Table[string, string](b, "in", "rows"), "fewer", windowing.UntilLimit(time.Minute))
		lengths := topology.GroupTable(fewer, func(_, v string) topology.Pair[string, string] {
			return topology.Pair[string, string]{Key: v, Value: v}
		})
		topology.To(topology.Count(lengths, "counts").ToStream(), "out", numberOut)
	})
}
