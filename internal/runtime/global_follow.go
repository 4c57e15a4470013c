package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/changelog"
	"github.com/millrace-io/millrace/internal/graph"
)

// globalFetchBytes bounds what a table's client holds of each broker.
const globalFetchBytes = 4 << 20

// follow reads the topic until ctx ends, or something is wrong that no retry
// cures.
func (g *global) follow(ctx context.Context) error {
	offsets := make(map[int32]kgo.Offset, len(g.next))
	for p, next := range g.next {
		offsets[int32(p)] = kgo.NewOffset().At(next)
	}
	cl, err := kgo.NewClient(append(g.inst.baseOpts(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{g.spec.Topic(): offsets}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), // they move positions too
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchMaxBytes(globalFetchBytes),
		kgo.FetchMaxWait(200*time.Millisecond),
	)...)
	if err != nil {
		return fmt.Errorf("global table %s: %w", g.spec.Name, err)
	}
	defer cl.Close()
	looked := g.inst.now()
	for ctx.Err() == nil {
		if err := g.reach(); err != nil {
			return err
		}
		pause := time.Second
		if g.mark != nil {
			pause = 100 * time.Millisecond
		}
		polled, cancel := context.WithTimeout(ctx, pause)
		fetches := cl.PollFetches(polled)
		cancel()
		doubt, err := g.take(ctx, fetches)
		if err != nil {
			return err
		}
		if g.mark != nil && fetches.NumRecords() == 0 {
			g.passTails(ctx)
		}
		// A topic that seems to be gone is looked at sooner.
		if since := g.inst.now().Sub(looked); since >= g.inst.cfg.Housekeeping || doubt && since >= time.Second {
			looked = g.inst.now()
			if err := g.lookAgain(ctx, cl); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// take applies what was fetched. doubt says that the topic may not be there any
// more.
func (g *global) take(ctx context.Context, fetches kgo.Fetches) (doubt bool, err error) {
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if err == nil && p.Err != nil {
			var gone bool
			gone, err = g.failed(p.Partition, p.Err)
			doubt = doubt || gone
		}
		if err == nil && len(p.Records) > 0 {
			err = g.apply(ctx, p.Partition, p.Records)
		}
	})
	g.count()
	return doubt, err
}

func (g *global) apply(ctx context.Context, partition int32, records []*kgo.Record) error {
	ins := make([]graph.Input, len(records))
	for n, r := range records {
		ins[n] = input(r)
	}
	g.inst.consumed(tp{g.spec.Topic(), partition}, records)
	for len(ins) > 0 {
		n, wait, err := g.rows.Apply(partition, ins, g.storePosition())
		if n > 0 {
			g.move(partition, ins[n-1].Offset+1)
			g.records.Add(int64(n))
			ins = ins[n:]
		}
		if err != nil {
			return err
		}
		if len(ins) > 0 && !sleep(ctx, wait) {
			return ctx.Err()
		}
	}
	return nil
}

// move sets the position of a partition.
func (g *global) move(partition int32, next int64) {
	g.position.Add(next - g.next[partition])
	g.next[partition] = next
}

// failed deals with an error that a poll brought for a partition.
func (g *global) failed(partition int32, err error) (doubt bool, _ error) {
	var cut *kgo.ErrDataLoss
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, kgo.ErrClientClosed):
	case errors.As(err, &cut):
		return false, g.lost(partition, cut.ConsumedTo, fmt.Errorf("the log was truncated to offset %d", cut.ResetTo))
	case errors.Is(err, kerr.OffsetOutOfRange):
		return false, g.lost(partition, g.next[partition], errors.New("the position is not in the log any more"))
	case errors.Is(err, kerr.UnknownTopicID), errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.InconsistentTopicID):
		return true, nil
	case fatalBroker(err):
		return false, g.fault(partition, g.next[partition], err, "")
	default:
		g.log.Warn("fetch", "topic", g.spec.Topic(), "partition", partition, "err", err)
	}
	return false, nil
}

// reach looks whether the positions have passed the mark.
func (g *global) reach() error {
	if g.mark == nil {
		return nil
	}
	for p, end := range g.mark {
		if g.next[p] < end {
			return nil
		}
	}
	g.mark = nil
	g.current.Store(g.at.UnixMilli())
	if !g.isFilled() {
		took := g.inst.now().Sub(g.at)
		g.log.Info("global table is filled", "topic", g.spec.Topic(), "records", g.records.Load(), "took", took)
		m := g.inst.cfg.Recorder.Store(g.spec.Name)
		m.Restored.Add(g.records.Load())
		m.RestoreTime.Observe(took)
		close(g.filled)
	}
	return g.keep()
}

// passTails moves positions over what readers never get to see: aborted
// records, and what compaction has emptied. No fetch says that these end.
func (g *global) passTails(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, brokerInterval)
	defer cancel()
	for p, end := range g.mark {
		if g.next[p] >= end {
			continue
		}
		next, err := changelog.NextPosition(ctx, g.inst.admin, g.spec.Topic(), int32(p), g.next[p], end)
		if err == nil && next >= end {
			g.move(int32(p), next)
		}
	}
}

// lookAgain keeps the positions, takes on new partitions and sets a new mark.
// What brokers do not answer soon waits for the next look.
func (g *global) lookAgain(ctx context.Context, cl *kgo.Client) error {
	if err := g.keep(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, brokerInterval)
	defer cancel()
	id, partitions, fatal, err := g.look(ctx)
	switch {
	case fatal:
		return err
	case err != nil:
		return nil
	case id != g.id:
		return g.lost(-1, -1, errRecreated)
	}
	for p := len(g.next); p < partitions; p++ {
		g.log.Info("the topic of a global table has grown, following", "topic", g.spec.Topic(), "partition", p)
		g.next = append(g.next, 0)
		cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{g.spec.Topic(): {int32(p): kgo.NewOffset().AtStart()}})
	}
	if g.mark != nil && len(g.mark) == len(g.next) {
		return nil // not reached yet
	}
	tps, now := g.tps(len(g.next)), g.inst.now()
	logs, err := g.inst.tryLogBounds(ctx, []string{g.spec.Topic()}, tps)
	if err != nil {
		return nil
	}
	var end int64
	g.mark, g.at = nil, now
	for _, p := range tps {
		g.mark = append(g.mark, logs[p].stable)
		end += logs[p].stable
	}
	g.end.Store(end)
	return nil
}
