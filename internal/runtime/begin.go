package runtime

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
)

// beginning is where a task starts to read.
type beginning struct {
	positions map[string]int64
	lags      map[string]int64 // up to the last stable offset
}

// bounds are the ends of a partition's log.
type bounds struct{ start, stable int64 }

// startOffsets decides where each input of a task begins: at the committed
// offset if that is in the log, by the source's data-loss policy if it is not,
// by the source's start if there is none. Starts are committed at once, so
// that "latest" means the same after a crash.
func (i *Instance) startOffsets(ctx context.Context, h *handle, found map[tp]committed) (beginning, error) {
	b := beginning{positions: make(map[string]int64), lags: make(map[string]int64)}
	logs, err := i.logBounds(ctx, h.inputs)
	if err != nil {
		return b, err
	}
	ids, err := i.topicIDs(ctx, h.inputs)
	if err != nil {
		return b, err
	}
	first := &txn{member: h.member, handles: []*handle{h}}
	var offsets []task.Offset
	for _, p := range h.inputs {
		src, log := i.layout().source[p.topic].Source, logs[p]
		at, isNew := found[p].offset, false
		switch c, ok := found[p]; {
		case (!ok || c.offset < 0) && i.replaced(p, ids[p.topic]):
			if at, err = i.afterLoss(h, p, log, -1, errRecreated); err != nil {
				return b, err
			}
			isNew = true
		case !ok || c.offset < 0:
			if at, err = i.firstOffset(ctx, src, p, log); err != nil {
				return b, err
			}
			isNew = true
		case c.offset < log.start || c.offset > log.stable && c.offset > i.highWatermark(ctx, p):
			cause := fmt.Errorf("the committed offset %d is not in the log, which goes from %d to %d", c.offset, log.start, log.stable)
			if at, err = i.afterLoss(h, p, log, c.offset, cause); err != nil {
				return b, err
			}
			isNew = true
		}
		b.positions[p.topic] = at
		b.lags[p.topic] = max(log.stable-at, 0)
		if isNew {
			m := task.Metadata{PartitionTime: -1, Transaction: -1}
			if found[p].known {
				m = found[p].meta
			}
			offsets = append(offsets, task.Offset{Topic: p.topic, Partition: p.partition, Next: at, Metadata: task.EncodeMetadata(m)})
		}
	}
	if len(offsets) == 0 {
		return b, i.remember(h.inputs, ids)
	}
	first.commits = []*task.Commit{{Task: h.id, Offsets: offsets}}
	if err := i.commitStarts(ctx, first); err != nil {
		return b, fmt.Errorf("commit start offsets: %w", err)
	}
	return b, i.remember(h.inputs, ids)
}

// commitStarts commits start offsets until it works or no retry helps. If the
// task is lost meanwhile, the callback that says so ends ctx.
func (i *Instance) commitStarts(ctx context.Context, t *txn) error {
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := i.commitPlain(ctx, t)
		if err == nil || fatalBroker(err) {
			return err
		}
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

// firstOffset is where a source starts without a committed offset.
func (i *Instance) firstOffset(ctx context.Context, src *graph.Source, p tp, log bounds) (int64, error) {
	if src.Repartition != nil {
		return log.start, nil // what another subtopology wrote is never skipped
	}
	if at, ok := src.Start.Offsets[p.topic][p.partition]; ok {
		return min(max(at, log.start), log.stable), nil
	}
	if i.layout().late[p] {
		return log.start, nil
	}
	switch src.Start.At {
	case graph.Latest:
		return log.stable, nil
	case graph.AtTime:
		listed, err := i.adm.ListOffsetsAfterMilli(ctx, src.Start.Time.UnixMilli(), p.topic)
		if err != nil {
			return 0, fmt.Errorf("find the offset of %s at %s: %w", p, src.Start.Time, err)
		}
		o, ok := listed.Lookup(p.topic, p.partition)
		if !ok || o.Err != nil {
			return 0, fmt.Errorf("find the offset of %s at %s: %w", p, src.Start.Time, o.Err)
		}
		if o.Offset < 0 {
			return log.stable, nil
		}
		return o.Offset, nil
	}
	return log.start, nil
}

// logBounds asks for the ends of logs until all of them are known.
func (i *Instance) logBounds(ctx context.Context, tps []tp) (map[tp]bounds, error) {
	var topics []string
	for topic := range byTopic(tps) {
		topics = append(topics, topic)
	}
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		m, err := i.tryLogBounds(ctx, topics, tps)
		if err == nil {
			return m, nil
		}
		if ctx.Err() != nil || fatalBroker(err) {
			return nil, err
		}
		if !sleep(ctx, pause) {
			return nil, ctx.Err()
		}
	}
}

func (i *Instance) tryLogBounds(ctx context.Context, topics []string, tps []tp) (map[tp]bounds, error) {
	starts, err := i.adm.ListStartOffsets(ctx, topics...)
	if err != nil {
		return nil, err
	}
	ends, err := i.adm.ListCommittedOffsets(ctx, topics...)
	if err != nil {
		return nil, err
	}
	m := make(map[tp]bounds, len(tps))
	for _, p := range tps {
		s, err := lookup(starts, p)
		if err != nil {
			return nil, err
		}
		e, err := lookup(ends, p)
		if err != nil {
			return nil, err
		}
		m[p] = bounds{s, e}
	}
	return m, nil
}

func lookup(l kadm.ListedOffsets, p tp) (int64, error) {
	o, ok := l.Lookup(p.topic, p.partition)
	if !ok {
		return 0, fmt.Errorf("offsets of %s: no answer", p)
	}
	if o.Err != nil {
		return 0, fmt.Errorf("offsets of %s: %w", p, o.Err)
	}
	return o.Offset, nil
}

// highWatermark is the end of the log with everything that is not stable yet,
// or -1. A committed offset between the two is in order: it was committed in
// an earlier life of a transaction whose marker is not there yet.
func (i *Instance) highWatermark(ctx context.Context, p tp) int64 {
	ends, err := i.adm.ListEndOffsets(ctx, p.topic)
	if err != nil {
		return -1
	}
	at, err := lookup(ends, p)
	if err != nil {
		return -1
	}
	return at
}
