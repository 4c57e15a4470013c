package runtime

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/millrace-io/millrace/changelog"
	"github.com/millrace-io/millrace/internal/graph"
)

// RunUntilCaughtUp is Run that ends by itself: when everything that the
// sources held at the start has been processed and committed, by whichever
// member of the group, and so has everything that came of it in the
// repartition topics behind them, in the order of the topology. Each task
// concludes once its inputs are done.
func (i *Instance) RunUntilCaughtUp(ctx context.Context) error {
	i.cfg.Bounded = true
	return i.run(ctx, i.caughtUp)
}

func (i *Instance) caughtUp(ctx context.Context) error {
	stages := i.stages()
	inputs := slices.Concat(stages...)
	for n, stage := range stages {
		ends, err := i.logBounds(ctx, stage)
		if err != nil {
			return err
		}
		if n > 0 {
			// Everything in the stages before is committed, but the markers of
			// those transactions may not all be written here.
			for p := range ends {
				ends[p] = bounds{ends[p].start, max(ends[p].stable, i.highWatermark(ctx, p))}
			}
		}
		if err := i.reach(ctx, stage, ends); err != nil {
			return err
		}
		if err := i.conclude(ctx, n, inputs); err != nil {
			return err
		}
	}
	return nil
}

// stages are the inputs of the topology in an order in which each one's
// writers come before it: user topics, then repartition topics by how many of
// them lie before. A cycle of topics counts as one stage.
func (i *Instance) stages() [][]tp {
	depth := i.depths()
	var stages [][]tp
	for _, sub := range i.cfg.Graph.Subtopologies {
		for _, in := range i.layout().counts.Inputs[sub.ID] {
			d := depth[in.Source]
			for len(stages) <= d {
				stages = append(stages, nil)
			}
			for p := range int32(in.Partitions) {
				stages[d] = append(stages[d], tp{in.Topic, p})
			}
		}
	}
	return stages
}

// depths counts, for each source, the repartition topics on the longest way to
// it.
func (i *Instance) depths() map[*graph.Node]int {
	depth := make(map[*graph.Node]int)
	subs := i.cfg.Graph.Subtopologies
	for range subs { // as many rounds as the longest way can have
		for _, sub := range subs {
			reach := 0
			for _, src := range sub.Sources {
				reach = max(reach, depth[src])
			}
			for _, sink := range sub.Sinks {
				if sink.Sink.Repartition == nil {
					continue
				}
				for _, next := range subs {
					for _, src := range next.Sources {
						if src.Source.Repartition == sink.Sink.Repartition {
							depth[src] = max(depth[src], reach+1)
						}
					}
				}
			}
		}
	}
	return depth
}

// reach waits until the group's committed offsets have reached the ends.
func (i *Instance) reach(ctx context.Context, stage []tp, ends map[tp]bounds) error {
	left := slices.Clone(stage)
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		found, err := i.stableOffsets(ctx, left)
		if err != nil {
			return err
		}
		left = slices.DeleteFunc(left, func(p tp) bool {
			return i.passed(ctx, p, found[p], ends[p])
		})
		if len(left) == 0 {
			return nil
		}
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

// passed reports whether nothing is left to process below the end. What is
// left may be markers and aborted records that compaction or the broker does
// not show to readers; then no position ever moves over them.
func (i *Instance) passed(ctx context.Context, p tp, c committed, end bounds) bool {
	at := c.offset
	if at < 0 {
		return end.start >= end.stable && end.stable >= 0 && i.owner(p)
	}
	if at >= end.stable {
		return true
	}
	if end.stable-at > 1000 {
		return false
	}
	next, err := changelog.NextPosition(ctx, i.admin, p.topic, p.partition, at, end.stable)
	return err == nil && next >= end.stable && !errors.Is(err, context.Canceled)
}

// owner reports whether the partition's task runs here.
func (i *Instance) owner(p tp) bool { return (*i.fetcher.routes.Load())[p] != nil }
