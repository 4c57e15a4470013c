package runtime

import (
	"errors"
	"time"
)

// maybeCommit hands the running transaction over if it is due and there is
// room for one more. It returns when to look again.
func (w *worker) maybeCommit(now time.Time) (again time.Time) {
	again = now.Add(time.Hour)
	if w.failure != nil || w.outstanding >= w.inst.cfg.InFlight {
		return again
	}
	moved, due, leaving, waiting := false, false, false, false
	staying, drained := 0, 0
	var bytes int64
	for _, h := range w.handles {
		waiting = waiting || h.releasing && !h.lost.Load() && w.unfinished(h, now)
		if h.stays() {
			staying++
			continue
		}
		if !h.drain.since.IsZero() {
			drained++
		}
		needs := h.task.NeedsCommit()
		moved = moved || needs
		leaving = leaving || needs && h.releasing && !h.lost.Load()
		due = due || h.task.CommitRequested()
		bytes += h.task.UncommittedBytes()
	}
	if len(w.releases) > 0 && !leaving && !waiting {
		return again // the pipeline runs empty, and those who wait for tasks get them
	}
	if !moved {
		return again
	}
	if w.first.IsZero() {
		w.first = now
	}
	due = due || leaving || drained > 0 && staying == 0
	at := w.first.Add(w.inst.cfg.CommitInterval)
	if !due && bytes < w.inst.workerBytes {
		if now.Before(at) {
			return at
		}
		if w.joinsNext(bytes) {
			return again
		}
	}
	ready, again := w.drainAll(now)
	if !ready {
		return again
	}
	more, err := w.freeze(now)
	w.inst.cfg.Recorder.WorkerTime.Commit.Add(w.inst.now().Sub(now))
	if err != nil {
		w.inst.fail(err)
		w.failure = err
		w.poisoned.Store(true)
	}
	if more {
		return now
	}
	return again
}

// joinsNext reports that nothing is gained by a transaction of its own for so many
// bytes, since its offsets must wait for the end of the one that is on its way: what
// comes until then goes with them. Two small ones at a time would only have the
// broker do twice as much, which is what the time of small ones goes into.
//
// At least once the outputs are read as soon as they are written.
func (w *worker) joinsNext(bytes int64) bool {
	return w.inst.cfg.ExactlyOnce && w.outstanding > 0 && bytes < int64(w.inst.cfg.ParcelBytes)
}

// freeze turns what the tasks did into a transaction and hands it over. It
// reports whether there is work at once that had to wait for that.
func (w *worker) freeze(now time.Time) (more bool, err error) {
	t := &txn{seq: w.seq, started: w.first, records: w.records}
	for _, h := range w.handles {
		if h.stays() {
			continue
		}
		more = w.takesInput(h) || more
		h.conclusion.freeze(w.seq)
		if !h.task.NeedsCommit() {
			continue
		}
		c, err := h.task.Commit(w.seq, now.UnixMilli())
		if err != nil {
			return more, err
		}
		if c == nil {
			continue
		}
		t.member = h.member
		t.handles, t.commits = append(t.handles, h), append(t.commits, c)
		t.produced += c.Out.Len()
		t.bytes += int64(c.Out.Bytes())
		for i := range c.Stores {
			if c.Stores[i].Spec.Logged {
				t.produced += c.Stores[i].Batch.Len()
				t.bytes += int64(c.Stores[i].Batch.Bytes())
			}
		}
	}
	w.seq++
	w.first, w.records = time.Time{}, 0
	if len(t.commits) == 0 {
		return more, nil
	}
	w.outstanding++
	w.inFlight.Store(int32(w.outstanding))
	w.toSend <- t // never blocks: it has room for all that may be outstanding
	return more, nil
}

// drain takes settled transactions and applications back.
func (w *worker) drain() {
	for {
		select {
		case t := <-w.results:
			w.outstanding--
			w.inFlight.Store(int32(w.outstanding))
			w.finish(t)
		case a := <-w.appliedOnes:
			w.finishApplication(a)
		default:
			return
		}
	}
}

func (w *worker) finish(t *txn) {
	now := w.inst.now()
	w.ended = t.seq + 1
	err := t.failed()
	if t.committed {
		w.noteCommitted(t, now)
		w.retries = 0
	}
	w.inst.committed(w, t, now.Sub(t.started), err) // whoever is told finds it in Status
	if err == nil || w.failure != nil {
		return
	}
	w.failure = err
	switch {
	case errors.Is(err, errLost), errors.Is(err, errAbort):
	case fatalBroker(err):
		w.inst.fail(commitError(t, err))
	case fenced(err):
		w.discardSlots()
		if t.lost() || now.Sub(t.started) >= w.inst.cfg.TransactionTimeout || w.inst.brokersAwaySince(t.started) {
			break // it was for others, or for the broker, to end it
		}
		if t.slot.fencedAgain(now) {
			w.inst.fail(duplicateInstance(w.inst.id, err))
			w.inst.abort() // another commit would fence the other process once more
		}
	}
}
