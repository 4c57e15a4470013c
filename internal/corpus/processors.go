package corpus

import (
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// Processors written by hand.

func init() {
	register("children", func(b *topology.Builder) {
		odd := topology.NewChild[string, int64](b, "odd")
		even := topology.Process(input(b), func(ctx processor.Context) *byParity {
			return &byParity{odd.Open(ctx)}
		}, topology.With(odd))
		topology.To(even, "even")
		topology.To(odd.Stream(), "odd", numberOut)
	})
	register("process-values", func(b *topology.Builder) {
		last := topology.NewStore[string, int64](b, "last")
		between := topology.ProcessValues(input(b), func(ctx processor.Context) *pauses {
			return &pauses{last.Open(ctx)}
		}, topology.With(last))
		longest := topology.Reduce(topology.GroupByKey(between), "longest", func(a, b int64) int64 { return max(a, b) },
			topology.ValueSerde(serde.Int64))
		topology.To(longest.ToStream(), "out", numberOut)
	})
	register("punctuate-stream-time", func(b *topology.Builder) {
		topology.To(topology.Process(input(b), func(ctx processor.Context) *bell {
			return &bell{ctx: ctx, clock: processor.StreamTime}
		}), "out")
	})
	register("punctuate-wall-clock", func(b *topology.Builder) {
		topology.To(topology.Process(input(b), func(ctx processor.Context) *bell {
			return &bell{ctx: ctx, clock: processor.WallClock}
		}), "out")
	})
	register("punctuate-anchored", func(b *topology.Builder) {
		topology.To(topology.Process(input(b), func(ctx processor.Context) *bell {
			return &bell{ctx: ctx, clock: processor.WallClock, anchor: time.UnixMilli(5_000)}
		}), "out")
	})
}

// byParity forwards even numbers, and odd ones to a child of their own.
type byParity struct {
	odd processor.Output[string, int64]
}

func (p *byParity) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	n := number(r.Value)
	if n%2 == 0 {
		return out.Forward(r)
	}
	return p.odd.Forward(processor.NewRecord(r.Key, n, r.Time))
}

// pauses forwards how many seconds it was since the last record of a key.
type pauses struct{ last state.KeyValue[string, int64] }

func (p *pauses) Process(r processor.Record[string, string], out processor.ValueOutput[int64]) error {
	last, ok, err := p.last.Get(r.Key)
	if err != nil {
		return err
	}
	if err := p.last.Put(r.Key, r.Time); err != nil || !ok {
		return err
	}
	return out.Forward((r.Time - last) / 1000)
}

// bell forwards the times at which it is called, every ten seconds.
type bell struct {
	ctx    processor.Context
	clock  processor.Clock
	anchor time.Time // zero for none
}

func (p *bell) Init(out processor.Output[string, string]) error {
	const every = 10 * time.Second
	ring := func(nowMs int64) error {
		return out.Forward(processor.NewRecord("bell", "rings", nowMs))
	}
	if p.anchor.IsZero() {
		p.ctx.Schedule(p.clock, every, ring)
	} else {
		p.ctx.ScheduleAt(p.clock, p.anchor, every, ring)
	}
	return nil
}

func (p *bell) Process(processor.Record[string, string], processor.Output[string, string]) error {
	return nil
}
