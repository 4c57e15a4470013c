package runtime

import (
	"errors"
	"fmt"
	"time"

	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/processor"
)

// draining is a task that takes no more input until its calls to other
// services are done: a commit waits for them, or the task is given back. The
// other tasks of its worker go on, and commit without it.
type draining struct {
	since time.Time // zero if it is not
	ready bool      // a commit need not wait for it any more
}

// stays reports that a task is left out of the next transaction: it waits for
// calls, or it was lost with calls open and is dropped soon.
func (h *handle) stays() bool {
	return !h.drain.since.IsZero() && !h.drain.ready || h.lost.Load() && h.task.InFlight() > 0
}

// drainTask resumes what the calls of a task have brought and says when to look
// again. Calls that are not done in time, and which a commit has to wait for,
// take the worker back to its last commit.
func (w *worker) drainTask(h *handle, now time.Time) (again time.Time) {
	again = now.Add(time.Second)
	res, err := h.task.Drain(now.UnixMilli())
	if err != nil {
		w.broken(h, err)
		return again
	}
	again = sooner(again, res.Until)
	h.drain.ready = res.Wait == task.WaitNone
	if h.drain.since.IsZero() {
		if h.drain.ready && (h.task.InFlight() == 0 || !w.leaves(h)) {
			return again
		}
		h.drain.since = now
	}
	limit := h.drain.since.Add(w.inst.cfg.TransactionTimeout)
	if h.drain.ready {
		if !h.task.NeedsCommit() && w.takesInput(h) {
			return now
		}
		return again
	}
	if now.Before(limit) {
		return earlier(again, limit)
	}
	w.giveUp(now, &processor.Error{
		Class: processor.Commit, Task: h.id, Partition: -1, Offset: -1,
		Err:  fmt.Errorf("%w after %s (%s)", errSlowCalls, now.Sub(h.drain.since), h.task.Unfinished()),
		Hint: "their records are processed again; calls must be done within TransactionTimeout, with their retries and with those that wait for the same key",
	})
	return now
}

var errSlowCalls = errors.New("a commit was due and calls were still open")

// checkCalls warns of nodes whose calls a commit may have to wait for in vain:
// if a service is down, their records would be processed again and again
// without ever coming to what their policy says.
func (i *Instance) checkCalls() {
	if !i.cfg.ExactlyOnce {
		return
	}
	for _, sub := range i.cfg.Graph.Subtopologies {
		for _, n := range sub.Nodes {
			if n.Calls == nil || n.Calls.Longest() <= i.cfg.TransactionTimeout {
				continue
			}
			i.log.Warn("a call with its retries may take longer than a transaction, which is aborted then", "node", n.Name,
				"call", n.Calls.Longest(), "transaction_timeout", i.cfg.TransactionTimeout,
				"hint", "lower Timeout, Retries or Backoff in its Async, or raise Config.TransactionTimeout")
		}
	}
}

// giveUp aborts the running transaction before it was frozen. Those in the
// pipeline are none of its business.
func (w *worker) giveUp(now time.Time, err error) {
	t := &txn{seq: w.seq, handles: w.handles, started: w.first, records: w.records}
	w.seq++
	if t.started.IsZero() {
		t.started = now
	}
	w.inst.committed(w, t, now.Sub(t.started), err)
	w.failure = err
}

// leaves reports that a task takes no more input for good.
func (w *worker) leaves(h *handle) bool { return h.releasing || w.inst.stopping() }

// unfinished reports that a task that is given back has calls to wait for.
func (w *worker) unfinished(h *handle, now time.Time) bool {
	return h.task.InFlight() > 0 && (h.drain.since.IsZero() || now.Before(h.drain.since.Add(w.inst.cfg.TransactionTimeout)))
}

// drainAll begins to drain all tasks, now that a commit is due. It reports
// whether any has something to commit at once, and when to look again.
func (w *worker) drainAll(now time.Time) (ready bool, again time.Time) {
	again = now.Add(time.Hour)
	for _, h := range w.handles {
		if h.drain.since.IsZero() && !h.stays() {
			again = earlier(again, w.drainTask(h, now))
		}
		if w.failure != nil {
			return false, again
		}
		ready = ready || !h.stays() && h.task.NeedsCommit()
	}
	return ready, again
}

// takesInput ends the draining of a task that is frozen now, or that has nothing
// to commit, unless it leaves. It reports whether the task has something to do
// at once.
func (w *worker) takesInput(h *handle) (more bool) {
	if w.leaves(h) {
		return false
	}
	more = !h.drain.since.IsZero()
	h.drain = draining{}
	return more
}
