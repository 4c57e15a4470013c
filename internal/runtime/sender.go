package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/changelog"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/metrics"
)

// send is the sender's goroutine. Taking transactions one by one, and each
// until all its records are acknowledged, is what keeps the records of two
// transactions of this worker in order: two clients are two connections, and
// a broker would append the later one's first nearly every second time.
func (w *worker) send() {
	defer close(w.toEnd)
	for t := range w.toSend {
		if w.poisoned.Load() {
			t.fail(errPredecessor)
		} else if err := w.produce(t); err != nil {
			t.fail(err)
			w.slab = nil // the client may still hold its records
		}
		clear(w.slab)
		w.slab = w.slab[:0]
		w.toEnd <- t
	}
}

func (w *worker) produce(t *txn) error {
	if err := w.inst.cfg.fault(PointFrozen, t.seq); err != nil {
		return err
	}
	if t.produced == 0 {
		return nil // offsets only: a plain commit (R5)
	}
	// Under at least once nobody takes back what is written now, and the changelog
	// of a task that others have would say what was true before them.
	if _, _, err := w.inst.membership(t); err != nil {
		return err
	}
	t.slot = w.slots[w.sent%len(w.slots)]
	w.sent++
	ctx := w.ctx.Load()
	cl, err := t.slot.ready(ctx)
	if err != nil {
		return err
	}
	if w.inst.cfg.ExactlyOnce {
		if err := cl.BeginTransaction(); err != nil {
			t.slot.discard()
			return fmt.Errorf("begin a transaction: %w", err)
		}
		t.begun = true
	}
	if err := w.inst.cfg.fault(PointBegun, t.seq); err != nil {
		return err
	}
	start := w.inst.now()
	w.slab = slices.Grow(w.slab, t.produced) // at once: the client will hold pointers into it
	t.acked = make([][]changelog.Acked, len(t.commits))
	var logging time.Duration
	for i, c := range t.commits {
		if err := w.produceOutputs(ctx, cl, t, c); err != nil {
			return err
		}
		from := w.inst.now()
		t.acked[i] = make([]changelog.Acked, len(c.Stores))
		for j := range c.Stores {
			if err := w.produceChangelog(ctx, cl, t, c, j, &t.acked[i][j]); err != nil {
				return err
			}
		}
		logging += w.inst.now().Sub(from)
	}
	w.inst.cfg.Recorder.CommitTime.Changelog.Observe(logging)
	if err := w.inst.cfg.fault(PointSent, t.seq); err != nil {
		return err
	}
	if err := flush(ctx, cl); err != nil {
		return err
	}
	w.inst.cfg.Recorder.CommitTime.Flush.Observe(w.inst.now().Sub(start))
	if err := t.failed(); err != nil {
		return err
	}
	return w.inst.cfg.fault(PointFlushed, t.seq)
}

// flush waits until all records are acknowledged, and until the client knows
// that they are. When it meets a topic, the client sends the records that wait
// for the topic before it shows the topic's partitions to itself:
//
//	metadata goroutine                     ender
//	sends what waited for topic "out"
//	                  (the broker has it, Flush returns)
//	                                       EndTransaction(commit): no partition
//	                                       was written to, aborts and returns nil
//	shows the partitions of "out"
//
// It does both under one lock (storePartitionsUpdate in franz-go 1.22.2), which
// aborting takes, too; there is nothing left to abort after a flush.
func flush(ctx context.Context, cl *kgo.Client) error {
	err := cl.Flush(ctx)
	if err == nil {
		err = cl.AbortBufferedRecords(ctx)
	}
	if err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	return nil
}

// writeError says which topic a record was refused by, and what to do about
// it where that is known.
func writeError(r *kgo.Record, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, kerr.MessageTooLarge), errors.Is(err, kerr.RecordListTooLarge):
		return fmt.Errorf("write to topic %s: %w (a record of %d bytes; raise the topic's max.message.bytes)", r.Topic, err, len(r.Key)+len(r.Value))
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return fmt.Errorf("write to topic %s: %w (create the topic)", r.Topic, err)
	case errors.Is(err, kerr.InvalidTimestamp):
		return fmt.Errorf("write to topic %s: %w (the record's time is %s; raise the topic's message.timestamp.after.max.ms or message.timestamp.before.max.ms, or give the stream the option Timestamps)",
			r.Topic, err, r.Timestamp.UTC().Format(time.RFC3339))
	}
	return fmt.Errorf("write to topic %s: %w", r.Topic, err)
}

// copiedBytes is how much of values that records share is copied before the
// copies have to be acknowledged: one row may be the answer to a hundred
// thousand others.
const copiedBytes = 1 << 20

func (w *worker) produceOutputs(ctx context.Context, cl *kgo.Client, t *txn, c *task.Commit) error {
	promise := func(r *kgo.Record, err error) { t.fail(writeError(r, err)) }
	var topic string
	var m *metrics.Topic
	now := w.inst.now()
	copied, from := 0, len(w.slab)
	for i := range c.Out.Len() {
		o := c.Out.At(i)
		w.slab = append(w.slab, kgo.Record{
			Topic: o.Topic, Partition: o.Partition, Timestamp: timestamp(o.Time),
			Key: c.Out.Key(i), Value: c.Out.Value(i), Headers: headers(o.Headers),
		})
		cl.Produce(ctx, &w.slab[len(w.slab)-1], promise)
		if o.Topic != topic {
			topic, m = o.Topic, w.inst.cfg.Recorder.Topic(o.Topic)
		}
		m.Produced.Inc()
		m.ProducedBytes.Add(int64(c.Out.Size(i)))
		if i%metrics.SampleEvery == 0 {
			m.Latency.Observe(now.Sub(timestamp(o.Time)))
		}
		if c.Out.Shares(i) {
			copied += c.Out.Size(i)
		}
		if copied < copiedBytes {
			continue
		}
		if err := cl.Flush(ctx); err != nil {
			return fmt.Errorf("flush: %w", err)
		}
		if err := t.failed(); err != nil {
			return err
		}
		for j := from; j < len(w.slab); j++ {
			w.slab[j].Value = nil // nobody needs the copy any more
		}
		copied, from = 0, len(w.slab)
	}
	return nil
}

// produceChangelog logs one store's batch. acked learns where the store will
// be current once the transaction has committed: behind the last record.
func (w *worker) produceChangelog(ctx context.Context, cl *kgo.Client, t *txn, c *task.Commit, store int, acked *changelog.Acked) error {
	b := &c.Stores[store]
	if !b.Spec.Logged {
		return nil
	}
	from := len(w.slab)
	out := changelog.Writer{Topic: graph.ChangelogTopic(w.inst.cfg.App, b.Spec.Name), Partition: c.Task.Partition, Format: b.Spec.Format}
	var err error
	if w.slab, err = out.Append(w.slab, b.Batch); err != nil {
		return err
	}
	promise := func(r *kgo.Record, err error) {
		if err != nil {
			t.fail(writeError(r, err))
			return
		}
		acked.Note(r.Offset)
	}
	for i := from; i < len(w.slab); i++ {
		cl.Produce(ctx, &w.slab[i], promise)
	}
	m := w.inst.cfg.Recorder.Store(b.Spec.Name)
	m.Logged.Add(int64(len(w.slab) - from))
	m.LoggedBytes.Add(int64(b.Batch.Bytes()))
	return nil
}
