package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/changelog"
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
			w.parcel.records = nil // the client may still hold its records
		}
		w.parcel.clear()
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
	if err := w.inst.mayWrite(t); err != nil {
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
	w.parcel.open(t.produced)
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
	for _, c := range t.commits {
		c.Out.Reset() // ending the transaction takes as long again
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
