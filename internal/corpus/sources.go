package corpus

import (
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
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
