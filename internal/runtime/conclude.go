package runtime

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/internal/task"
)

// conclusion is where a task of a bounded run stands with what its nodes hold
// back until a later time. It is sent on once the task's inputs are done, which
// the stages behind it wait for. What comes in nevertheless, from a live topic
// or from a conclusion on another instance, is concluded when the run ends.
type conclusion struct {
	made    bool   // all is sent on
	records bool   // and more came in since
	frozen  bool   // transaction seq has it
	seq     uint64 // if frozen
	// settled says that it has committed. The instance waits for that.
	settled atomic.Bool
}

// freeze notes the transaction that the task is part of next.
func (c *conclusion) freeze(seq uint64) {
	if c.made && !c.frozen {
		c.frozen, c.seq = true, seq
	}
}

// reset is called when what has not committed is thrown away.
func (c *conclusion) reset() {
	if !c.settled.Load() {
		c.made, c.frozen = false, false
	}
}

// conclude lets the tasks conclude whose inputs lie in stages up to n, and waits
// until that is committed. Tasks of other instances are theirs to conclude; one
// that comes over meanwhile is concluded here, and one that is on its way is
// waited for. inputs are those of all stages.
func (i *Instance) conclude(ctx context.Context, n int, inputs []tp) error {
	done := make(map[int]bool)
	depth := i.depths()
	for _, sub := range i.cfg.Graph.Subtopologies {
		done[sub.ID] = true
		for _, src := range sub.Sources {
			done[sub.ID] = done[sub.ID] && depth[src] <= n
		}
	}
	i.inputsDone.Store(&done)
	for _, w := range i.workers {
		w.box.notify()
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		// In this order: who has concluded what it held may have got another one since.
		tasks := *i.fetcher.routes.Load()
		if i.concluded(tasks) {
			if dealt, err := i.dealt(ctx, inputs, tasks); dealt || fatalBroker(err) {
				return err
			}
		}
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

// concluded reports whether those of the tasks have settled that are to conclude.
func (i *Instance) concluded(tasks map[tp]*handle) bool {
	for _, h := range tasks {
		if i.concludes(h) && !h.conclusion.settled.Load() {
			return false
		}
	}
	return true
}

// concludes reports whether the inputs of a task are done, in a bounded run.
func (i *Instance) concludes(h *handle) bool {
	done := i.inputsDone.Load()
	return done != nil && (*done)[h.id.Subtopology]
}

// conclude makes a task conclude and says when to go on with that.
func (w *worker) conclude(h *handle, ms int64) (again time.Time) {
	again = time.UnixMilli(ms).Add(time.Second)
	res, err := h.task.Finish(ms)
	if err != nil {
		w.broken(h, err)
		return again
	}
	if res.Wait != task.WaitNone {
		return sooner(again, res.Until)
	}
	c := &h.conclusion
	c.made, c.records, c.frozen = true, false, false
	c.settled.Store(!h.task.NeedsCommit())
	return again
}

// owes reports that a task, which takes no more records, has to conclude before it
// is given back: whoever gets it may be about to end.
func (w *worker) owes(h *handle) bool {
	select {
	case <-w.inst.failed:
		return false
	default:
		return w.leaves(h) && w.inst.concludes(h) && (!h.conclusion.made || h.conclusion.records)
	}
}

// noteConclusions tells those who wait which conclusions have committed.
func (w *worker) noteConclusions() {
	if w.failure != nil {
		return
	}
	done := w.ended
	if w.outstanding == 0 {
		done = w.seq
	}
	for _, h := range w.handles {
		if c := &h.conclusion; c.made && c.frozen && c.seq < done {
			c.settled.Store(true)
		}
	}
}
