package runtime

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// applyBytes is how much committed state a worker gathers before it applies it.
func (w *worker) applyBytes() int64 {
	return max(w.inst.cfg.EntryBytes/int64(4*w.inst.cfg.Workers), 1<<20)
}

// What lingers, since it may soon not be needed any more, waits no longer than
// lingerTime; when that did not suffice, nothing lingers for lingerPause. A worker
// has no more of it than lingerTimes applyBytes.
//
// What has expired is looked for every lingerInterval.
const (
	lingerTime        = 5 * time.Second
	lingerPause       = 30 * time.Second
	lingerTimes       = 4
	maxLingerInterval = 500 * time.Millisecond
)

func (w *worker) lingerInterval() time.Duration {
	return min(w.inst.cfg.ApplyInterval, maxLingerInterval)
}

// application is committed state of a worker's tasks on its way into their
// stores. It passes from the worker to its applier and back.
type application struct {
	handles []*handle
	stores  [][]task.StoreBatch // for each handle
	seq     uint64              // of the last transaction in it
	err     error
}

// noteCommitted takes in that a transaction has committed, and is to be applied.
func (w *worker) noteCommitted(t *txn, now time.Time) {
	for i, c := range t.commits {
		c.Since = now
		for j := range c.Stores {
			if s := &c.Stores[j]; s.Spec.Logged {
				s.End, _ = t.acked[i][j].Next()
			}
		}
		t.handles[i].task.Settled(c)
	}
	w.committed = t.seq
	if w.unapplied.IsZero() {
		w.unapplied = now
	}
}

// applied reports that the stores hold all that has committed, or never will.
func (w *worker) applied() bool {
	return !w.applying && (w.unapplied.IsZero() || w.refused || w.inst.aborting())
}

// maybeApply hands committed state to the applier if that is due: every
// ApplyInterval, or if there is much of it, or if its tasks leave. What is
// written again meanwhile, in the next transactions, is spared the store: at
// each commit it would take more than a third of the time that a count costs. It
// does not count as much, so that keys which change all the time wait for the
// interval. A crash in between costs the replay of that much more of the changelog.
//
// What may soon not be needed any more is left for later, such as the records of a
// join within seconds: most of them never go to the store.
//
// It returns when to look again.
func (w *worker) maybeApply(now time.Time) (again time.Time) {
	again = now.Add(time.Hour)
	if w.applying || w.applied() {
		return again
	}
	all := len(w.releases) > 0 || w.failure != nil
	bytes, most, interval := w.unappliedBytes(), w.applyBytes(), w.inst.cfg.ApplyInterval
	if w.lingers {
		most, interval = most*lingerTimes, w.lingerInterval()
	}
	if at := w.unapplied.Add(interval); now.Before(at) && !all {
		if bytes < most {
			return at
		}
		if bytes = w.compact(); bytes < most/2 {
			return at
		}
	}
	all = all || now.Before(w.nothingLingers)
	a := &application{seq: w.committed}
	w.unapplied, w.lingers = time.Time{}, false
	for _, h := range w.handles {
		if h.lost.Load() {
			continue // its changelog has it
		}
		n, ripe := h.task.Unapplied(), h.task.Ripe()
		switch {
		case all || ripe == n:
		case now.Sub(h.task.UnappliedSince()) >= lingerTime:
			w.nothingLingers = now.Add(lingerPause)
		default:
			if bytes >= lingerTimes*w.applyBytes() {
				ripe = max(ripe, (n+3)/4)
			}
			n, w.unapplied, w.lingers = ripe, now, true
		}
		if n == 0 {
			continue
		}
		pruned, err := h.task.Prune(n)
		if err != nil {
			a.err = err
			w.finishApplication(a)
			return again
		}
		a.handles, a.stores = append(a.handles, h), append(a.stores, pruned)
	}
	if len(a.handles) == 0 {
		if w.lingers {
			again = now.Add(w.lingerInterval())
		}
		return again
	}
	w.applying = true
	w.toApply <- a // never blocks: there is one at a time
	return again
}

func (w *worker) unappliedBytes() (sum int64) {
	for _, h := range w.handles {
		sum += h.task.UnappliedBytes()
	}
	return sum
}

// compact drops what was written again since, and returns how much is left.
func (w *worker) compact() int64 {
	for _, h := range w.handles {
		h.task.Compact()
	}
	return w.unappliedBytes()
}

// apply is the applier's goroutine.
func (w *worker) apply() {
	for a := range w.toApply {
		a.err = w.write(a)
		w.appliedOnes <- a
		w.box.notify()
	}
}

// write writes the batches to the stores, each with the position behind its
// last changelog record. Rows of windows are sorted before: they come from all over
// the few windows that are open, and a memtable finds the place of each beside that
// of the one before. Other stores gain as much as sorting costs.
func (w *worker) write(a *application) error {
	now := w.inst.now().UnixMilli()
	for i, h := range a.handles {
		for _, s := range a.stores[i] {
			p := state.Position{CurrentAt: now}
			if s.Spec.Logged {
				p.TopicID, p.Next = h.topicIDs[s.Spec.Name], end(s)
			}
			if s.Spec.Format == state.Windows {
				s.Batch.Sort()
			}
			if err := s.Base.Apply(s.Batch, p); err != nil {
				return &processor.Error{Class: processor.Commit, Task: h.id, Partition: -1, Offset: -1, Err: &storeError{h, s.Spec.Name, err}}
			}
		}
	}
	return w.inst.cfg.fault(PointApplied, a.seq)
}

// end is the changelog's offset behind what a batch has logged, or where the store
// stands already if that is nothing.
func end(s task.StoreBatch) int64 {
	if s.End > 0 {
		return s.End
	}
	p, _ := s.Base.Position()
	return p.Next
}

// finishApplication lets the entries go that are in the stores now. If a store
// did not take them, it must take no later ones, since it would seem to be current,
// and the entries stay: until the end they know what the stores do not.
func (w *worker) finishApplication(a *application) {
	w.applying = false
	if a.err != nil {
		w.refused = true
		w.inst.fail(a.err)
		return
	}
	for _, h := range a.handles {
		h.task.Applied()
	}
}

// storeError is a committed batch that a store did not take. Nothing is lost:
// the store is behind its changelog and catches up at the next start.
type storeError struct {
	h     *handle
	store string
	err   error
}

func (e *storeError) Error() string {
	return fmt.Sprintf("write committed state of store %s, task %s: %v (the changelog has it; free the disk or fix the state folder and start again)", e.store, e.h.id, e.err)
}

func (e *storeError) Unwrap() error { return e.err }
