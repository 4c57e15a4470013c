package corpus

import (
	"fmt"
	"strings"
	"time"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/processor"
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

	register("session-final", func(b *topology.Builder) {
		rows := windowing.Reduce(topology.GroupByKey(input(b)), "rows", traced, joined, windowing.EmitOnClose())
		topology.To(rows.ToStream(), "out", topology.KeySerde(sessionNames{}))
	})

	register("sessions", func(b *topology.Builder) {
		visits := windowing.Sessions(10 * time.Minute).Grace(10 * time.Minute)
		counts := windowing.Count(topology.GroupByKey(input(b)), "visits", visits, kept)
		topology.To(counts.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	})
	register("sessions-final", func(b *topology.Builder) {
		visits := windowing.Sessions(10 * time.Minute).Grace(5 * time.Minute)
		rows := windowing.Reduce(topology.GroupByKey(input(b)), "visits", visits, joined, windowing.EmitOnClose(), kept)
		topology.To(rows.ToStream(), "out")
	})
	register("sessions-by", func(b *topology.Builder) {
		minutes := func(v string) time.Duration { return time.Duration(number(v)) * time.Minute }
		stays := windowing.SessionsBy(minutes, time.Hour).Grace(time.Minute)
		sums := windowing.Aggregate(topology.GroupByKey(input(b)), "stays", stays, aggregate.Sum(number), kept)
		topology.To(sums.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	})
}

// Stores of windows and sessions for Processors.

func init() {
	register("window-store", func(b *topology.Builder) {
		rows := topology.NewWindowStore[string, int64](b, "rows", 10*time.Second, time.Minute, kept)
		out := topology.Process(input(b), func(ctx processor.Context) *moving { return &moving{rows.Open(ctx)} }, topology.With(rows))
		topology.To(out, "out")
	})
	register("session-store", func(b *topology.Builder) {
		rows := topology.NewSessionStore[string, string](b, "rows", time.Minute, kept)
		out := topology.Process(input(b), func(ctx processor.Context) *stays { return &stays{rows.Open(ctx)} }, topology.With(rows))
		topology.To(out, "out")
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

// stays keeps sessions that last as many seconds as the value says, and forwards
// those of the key that it overlaps, the latest first.
type stays struct{ rows state.Session[string, string] }

func (p *stays) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	end := r.Time + 1000*number(r.Value)
	var overlaps []string
	for w := range p.rows.RangeBackward(r.Key, r.Time, end) {
		overlaps = append(overlaps, fmt.Sprintf("%d-%d", w.Start/1000, w.End/1000))
	}
	if err := p.rows.ScanErr(); err != nil {
		return err
	}
	if _, err := p.rows.Put(r.Key, r.Value, r.Time, end); err != nil {
		return err
	}
	r.Value = strings.Join(overlaps, " ")
	return out.Forward(r)
}

// moving counts records by windows of 10 seconds, and forwards the counts of the
// last three.
type moving struct{ rows state.Window[string, int64] }

func (p *moving) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	const size = 10_000
	start := r.Time / size * size
	n, _, err := p.rows.Get(r.Key, start)
	if err != nil {
		return err
	}
	if _, err := p.rows.Put(r.Key, n+1, start); err != nil {
		return err
	}
	var counts []string
	for w, n := range p.rows.Range(r.Key, start-2*size, start) {
		counts = append(counts, fmt.Sprintf("%d:%d", w.Start/1000, n))
	}
	r.Value = strings.Join(counts, " ")
	if err := p.rows.ScanErr(); err != nil {
		return err
	}
	return out.Forward(r)
}
