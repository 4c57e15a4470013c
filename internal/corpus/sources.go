package corpus

import (
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// What is read, and which time it has.

func init() {
	register("topics", func(b *topology.Builder) {
		topology.To(topology.StreamTopics[string, string](b, []string{"berlin", "bern"}), "out")
	})
	register("pattern", func(b *topology.Builder) {
		topology.To(topology.StreamPattern[string, string](b, "sales-[a-z]+"), "out")
	})
	register("time-field", func(b *topology.Builder) {
		clock := topology.TimeField(func(v string) string { return v[:len(time.DateTime)] }, time.DateTime, nil)
		topology.To(topology.Stream[string, string](b, "in", clock), "out")
	})
	register("timestamps", func(b *topology.Builder) {
		// The value is a time in seconds. Without one, it is that of the record before.
		seconds := topology.Timestamps(func(r processor.Record[string, string], partitionTimeMs int64) (int64, error) {
			if r.Value == "again" {
				return partitionTimeMs, nil
			}
			return number(r.Value) * 1000, nil
		})
		topology.To(topology.Stream[string, string](b, "in", seconds), "out")
	})
	register("wall-clock-time", func(b *topology.Builder) {
		topology.To(topology.Stream[string, string](b, "in", topology.WallClockTime()), "out")
	})
	register("refuse-nulls", func(b *topology.Builder) {
		topology.To(topology.Stream[string, string](b, "in", topology.RefuseNulls()), "out")
	})
	register("decode-error", func(b *topology.Builder) {
		skip := topology.OnDecodeError(processor.Policy{Then: processor.Skip})
		topology.To(topology.Stream[string, int64](b, "in", skip), "out")
	})
	register("max-rate", func(b *topology.Builder) {
		topology.To(topology.Stream[string, string](b, "in", topology.MaxRate(0.2)), "out")
	})
}

// Watermarks: windows of a minute without grace show where stream time is.

func init() {
	perMinute := func(b *topology.Builder, g topology.KGroupedStream[string, string]) {
		counts := windowing.Count(g, "counts", windowing.Tumbling(time.Minute), kept)
		topology.To(counts.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	}
	for name, option := range map[string]topology.Option{
		"watermark-lag":       topology.WatermarkLag(20 * time.Second),
		"watermark-ascending": topology.WatermarkAscending(),
		// The value is a time in seconds before which nothing is to come.
		"watermark-of": topology.WatermarkOf(func(r processor.Record[string, string]) (int64, error) {
			return number(r.Value) * 1000, nil
		}),
	} {
		register(name, func(b *topology.Builder) {
			perMinute(b, topology.GroupByKey(topology.Stream[string, string](b, "in", option)))
		})
	}
	register("watermark-idle", func(b *topology.Builder) {
		idle := topology.WatermarkIdle(30 * time.Second)
		perMinute(b, topology.GroupByKey(topology.StreamTopics[string, string](b, []string{"berlin", "bern"}, idle)))
	})
	register("watermark-on-close", func(b *topology.Builder) {
		idle := topology.WatermarkIdle(30 * time.Second)
		berlin := topology.Stream[string, string](b, "berlin", idle)
		bern := topology.Stream[string, string](b, "bern", idle)
		windows := windowing.Tumbling(time.Minute)
		closed := windowing.Count(topology.GroupByKey(berlin), "closed", windows, windowing.EmitOnClose(), kept)
		topology.To(closed.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
		counts := windowing.Count(topology.GroupByKey(berlin.Merge(bern)), "counts", windows, kept)
		final := windowing.Suppress(counts, "final", windowing.UntilClose())
		topology.To(final.ToStream(), "both", topology.ValueSerde(serde.DecimalInt64))
	})
	register("watermark-by-value", func(b *topology.Builder) {
		byValue := topology.GroupBy(input(b), func(_, v string) string { return v }, topology.WatermarkLag(20*time.Second))
		perMinute(b, byValue)
	})
}

func init() {
	register("split-late", func(b *topology.Builder) {
		onTime, late := topology.Stream[string, string](b, "in").SplitLate(10 * time.Second)
		topology.To(onTime, "out")
		topology.To(late, "late")
	})
	register("wall-clock-windows", func(b *topology.Builder) {
		in := topology.Stream[string, string](b, "in", topology.WallClockTime())
		counts := windowing.Count(topology.GroupByKey(in), "counts", windowing.Tumbling(time.Minute), kept)
		topology.To(counts.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	})
}
