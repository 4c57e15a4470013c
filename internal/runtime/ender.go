package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// end is the ender's goroutine. Transactions reach it in order, so the offsets
// of one are sent only after the end of the one before was answered: of two
// pending offsets the broker keeps the one that arrived last, whichever
// transaction ends first.
func (w *worker) end() {
	defer close(w.settled)
	for t := range w.toEnd {
		w.settle(t)
		w.results <- t
		w.box.notify()
	}
}

// settle ends t one way or the other. A transaction that does not commit
// poisons those behind it until the worker has taken the tasks back to the
// last committed state.
func (w *worker) settle(t *txn) {
	if w.poisoned.Load() {
		t.fail(errPredecessor)
	}
	if t.failed() == nil {
		if err := w.commit(t); err != nil {
			t.fail(err)
		}
	}
	if t.failed() == nil {
		t.committed = true
	}
	if t.failed() != nil {
		w.poisoned.Store(true)
	}
	if !t.committed {
		w.abort(t)
	}
}

// commit brings the transaction's offsets in and ends it. A nil error means
// that the broker has it.
func (w *worker) commit(t *txn) error {
	ctx := w.ctx.Load()
	start := w.inst.now()
	if !t.begun {
		if err := w.inst.commitPlain(ctx, t); err != nil {
			return err
		}
		w.inst.cfg.Recorder.CommitTime.Offsets.Observe(w.inst.now().Sub(start))
		return w.inst.cfg.fault(PointOffsets, t.seq)
	}
	cl := t.slot.client
	if err := w.inst.sendOffsets(ctx, cl, t); err != nil {
		return err
	}
	mid := w.inst.now()
	w.inst.cfg.Recorder.CommitTime.Offsets.Observe(mid.Sub(start))
	if err := w.inst.cfg.fault(PointOffsets, t.seq); err != nil {
		return err
	}
	// The broker checks neither ownership nor, any more, the member: from
	// here on only we can refuse.
	if t.lost() {
		return errLost
	}
	err := cl.EndTransaction(ctx, kgo.TryCommit)
	if err == nil {
		t.begun = false
		w.inst.cfg.Recorder.CommitTime.EndTxn.Observe(w.inst.now().Sub(mid))
		return w.inst.cfg.fault(PointEnded, t.seq)
	}
	return w.resolve(w.inst.abortCtx, t, fmt.Errorf("end the transaction: %w", err))
}

// resolve finds out what became of a transaction whose end was not answered
// with success (R7). The client says "not committed" then, which need not be
// so. A new producer epoch ends whatever is open; after that the stable
// committed offsets carry the transaction's number or they do not.
func (w *worker) resolve(ctx context.Context, t *txn, cause error) error {
	t.begun = false
	t.slot.discard()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		if t.lost() {
			return cause // its next owner asks the broker
		}
		if _, err := t.slot.ready(ctx); err == nil {
			committed, err := w.inst.holdsCommit(ctx, t)
			if err == nil && committed {
				return nil
			}
			if err == nil {
				return cause
			}
		}
		if !sleep(ctx, pause) {
			return cause
		}
	}
}

// abort ends a transaction that must not commit. If the client can't, it is
// thrown away, and its successor fences what is left.
func (w *worker) abort(t *txn) {
	if t.slot == nil || t.slot.client == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.inst.abortCtx), abortTimeout)
	defer cancel()
	cl := t.slot.client
	// Without transactions too: a record that is left over fails those that
	// are put into one batch with it.
	err := cl.AbortBufferedRecords(ctx)
	if err == nil && t.begun {
		err = cl.EndTransaction(ctx, kgo.TryAbort)
	}
	t.begun = false
	if err != nil || fenced(t.failed()) {
		t.slot.discard()
	}
}

// abortTimeout bounds a clean abort; what takes longer is left to fencing.
const abortTimeout = 2 * time.Second

// fenced reports whether err says that another producer has taken over the
// transactional id, or that the coordinator has given up on the transaction
// (R10).
func fenced(err error) bool {
	return errors.Is(err, kerr.ProducerFenced) || errors.Is(err, kerr.InvalidProducerEpoch) ||
		errors.Is(err, kerr.InvalidTxnState) || errors.Is(err, kerr.InvalidProducerIDMapping)
}
