package corpus

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Aggregations in sessions. The first ones are those of the golden traces, whose
// sessions are shown as text.

func init() {
	const ms = time.Millisecond
	traced := windowing.Sessions(5 * ms).Grace(10 * ms)
	register("session-reduce", func(b *topology.Builder) {
		rows := windowing.Reduce(topology.GroupByKey(input(b)), "rows", traced, joined)
		topology.To(rows.ToStream(), "out", topology.KeySerde(sessionNames{}))
	})

	register("sessions", func(b *topology.Builder) {
		visits := windowing.Sessions(10 * time.Minute).Grace(10 * time.Minute)
		counts := windowing.Count(topology.GroupByKey(input(b)), "visits", visits, kept)
		topology.To(counts.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	})
	register("sessions-by", func(b *topology.Builder) {
		minutes := func(v string) time.Duration { return time.Duration(number(v)) * time.Minute }
		stays := windowing.SessionsBy(minutes, time.Hour).Grace(time.Minute)
		sums := windowing.Aggregate(topology.GroupByKey(input(b)), "stays", stays, aggregate.Sum(number), kept)
		topology.To(sums.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	})
}

// sessionNames writes keys in sessions as text that shows that the end is part of
// them.
type sessionNames struct{}

func (sessionNames) Append(dst []byte, w state.Windowed[string]) ([]byte, error) {
	return fmt.Appendf(dst, "%s@[%d,%d]", w.Key, w.Start, w.End), nil
}

func (sessionNames) Decode(b []byte) (state.Windowed[string], error) {
	return state.Windowed[string]{}, fmt.Errorf("%d bytes of text are not read back", len(b))
}
