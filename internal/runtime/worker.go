package runtime

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
)

// worker owns tasks and runs them on one goroutine. Everything here is that
// goroutine's unless it says otherwise.
type worker struct {
	inst  *Instance
	index int
	box   *mailbox

	handles  []*handle
	releases []*release
	scratch  []graph.Input

	seq         uint64    // of the next transaction
	first       time.Time // when the running transaction got its first record
	records     int       // input records in it
	outstanding int       // transactions handed over and not settled
	ended       uint64    // those before this one have settled
	failure     error     // why the last one failed; set until recover
	retries     int       // failures in a row
	resumeAt    time.Time // no processing before, after a failure
	quit        bool

	toSend  chan *txn
	toEnd   chan *txn
	results chan *txn
	settled chan struct{} // closed when the ender is done

	committed      uint64    // the last transaction that has committed
	unapplied      time.Time // when the first one has whose state is not in the stores yet
	lingers        bool      // some of it was left, see maybeApply
	nothingLingers time.Time // until when all of it is applied, see maybeApply
	applying       bool      // an application is under way
	refused        bool      // a store did not take one: see finishApplication
	toApply        chan *application
	appliedOnes    chan *application

	// The sender's.
	slots  []*slot
	sent   int
	parcel parcel // of the transaction that is produced

	ctx atomic.Pointer[pipelineContext] // of the transactions in the pipeline

	poisoned  atomic.Bool  // see settle
	turnedAt  atomic.Int64 // when the loop last turned, Unix milliseconds
	inFlight  atomic.Int32 // outstanding, for metrics
	tasksHeld atomic.Int32 // handles, to place new ones
}

func newWorker(i *Instance, index int) *worker {
	w := &worker{
		inst: i, index: index, box: newMailbox(), seq: i.firstSeq(), parcel: parcel{limit: i.cfg.ParcelBytes},
		toSend: make(chan *txn, i.cfg.InFlight), toEnd: make(chan *txn),
		results: make(chan *txn, i.cfg.InFlight), settled: make(chan struct{}),
		toApply: make(chan *application, 1), appliedOnes: make(chan *application, 1),
	}
	w.turnedAt.Store(i.now().UnixMilli())
	w.renewContext()
	return w
}

// pipelineContext ends when waiting for what is in the pipeline makes no
// sense any more: its tasks were lost, or the instance aborts.
type pipelineContext struct {
	context.Context
	cancel context.CancelFunc
}

func (w *worker) renewContext() {
	ctx, cancel := context.WithCancel(w.inst.abortCtx)
	w.ctx.Store(&pipelineContext{ctx, cancel})
}

// abandon makes the transactions in the pipeline fail soon. Any goroutine may
// call it.
func (w *worker) abandon() {
	w.ctx.Load().cancel()
	w.discardSlots()
}

// discardSlots makes the worker go on with new clients. Whoever fences an
// instance fences all its transactional ids, in use or not. Any goroutine may
// call it.
func (w *worker) discardSlots() {
	for _, s := range w.slots {
		s.discard()
	}
}

// adopt hands a restored task to the worker.
func (w *worker) adopt(h *handle) {
	w.box.post(func() {
		w.handles = append(w.handles, h)
		h.batch = w.inst.cfg.Batch
		h.phase.Store(phaseRunning)
		w.inst.refreshState()
	})
}

// stop ends the worker once its transactions are settled. Its tasks must have
// been released.
func (w *worker) stop() { w.box.post(func() { w.quit = true }) }

func (w *worker) run() {
	go w.send()
	go w.end()
	go w.apply()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		w.box.run()
		w.drain()
		if w.failure != nil && w.outstanding == 0 && w.applied() {
			w.recover()
		}
		w.noteConclusions()
		w.finishReleases()
		if w.quit && w.outstanding == 0 && !w.applying {
			break
		}
		now := w.inst.now()
		w.turnedAt.Store(now.UnixMilli())
		more, until := false, now.Add(time.Second)
		if w.failure == nil && !now.Before(w.resumeAt) && !w.full() {
			more, until = w.process(now)
		} else if w.resumeAt.After(now) {
			until = earlier(until, w.resumeAt)
		}
		due := earlier(w.maybeCommit(w.inst.now()), w.maybeApply(w.inst.now()))
		if !more {
			w.wait(timer, earlier(until, due))
		}
	}
	close(w.toSend)
	close(w.toApply)
	<-w.settled
	w.abandon()
	for _, s := range w.slots {
		s.close()
	}
}

// wait sleeps until something is posted, a transaction has settled, or the
// given time.
func (w *worker) wait(timer *time.Timer, until time.Time) {
	start, full := w.inst.now(), w.full()
	timer.Reset(max(until.Sub(start), 0))
	select {
	case <-w.box.wake:
	case <-timer.C:
	}
	took := w.inst.now().Sub(start)
	r := w.inst.cfg.Recorder
	if full {
		r.WorkerTime.Blocked.Add(took)
		r.Backpressure.ProducerFull.Add(took)
		return
	}
	r.WorkerTime.Poll.Add(took)
}

// process runs all tasks once. It reports whether there is more to do at
// once, and until when to sleep otherwise.
func (w *worker) process(now time.Time) (more bool, until time.Time) {
	until = now.Add(time.Second)
	ms, last := now.UnixMilli(), now
	for _, h := range w.handles {
		if h.lost.Load() {
			continue
		}
		if w.leaves(h) || !h.drain.since.IsZero() {
			if w.owes(h) {
				until = earlier(until, w.conclude(h, ms))
			}
			until = earlier(until, w.drainTask(h, now))
			if w.failure != nil {
				return true, until
			}
			continue
		}
		w.feed(h)
		res, err := h.task.Process(ms, h.batch)
		end := w.inst.now()
		w.pace(h, res.Records, end.Sub(last))
		last = end
		if res.Records > 0 && w.first.IsZero() {
			w.first = now
		}
		w.records += res.Records
		if res.Records > 0 {
			h.conclusion.records = true
		}
		if err == nil {
			err = w.punctuate(h, ms)
		}
		if err != nil {
			w.broken(h, err)
			return false, until
		}
		if w.inst.concludes(h) && !h.conclusion.made {
			until = earlier(until, w.conclude(h, ms))
			if w.failure != nil {
				return false, until
			}
		}
		h.inbox.bytes.Store(w.buffered(h))
		h.waiting.Store(res.Wait == task.WaitInput)
		w.inst.cfg.Recorder.Subtopology(h.id.Subtopology).Processed.Add(int64(res.Records))
		if res.Wait == task.WaitNone {
			more = true
		} else {
			until = sooner(until, res.Until)
		}
		if !w.inst.cfg.Bounded {
			until = earlier(until, time.UnixMilli(min(h.task.NextWall(), ms+int64(time.Hour/time.Millisecond))))
		}
	}
	w.inst.cfg.Recorder.WorkerTime.Process.Add(last.Sub(now))
	w.inst.fetcher.drained()
	return more, until
}

// broken notes that a task cannot go on: what its worker has not handed over is
// thrown away.
func (w *worker) broken(h *handle, err error) {
	if h.work.Err() == nil { // else the work was cut off, and is lost anyway
		w.inst.fail(err)
	}
	w.failure = err
	w.poisoned.Store(true)
}

// sooner is the earlier of t and what a task says, in Unix milliseconds.
func sooner(t time.Time, ms int64) time.Time {
	if ms == math.MaxInt64 {
		return t
	}
	return earlier(t, time.UnixMilli(ms))
}

func (w *worker) buffered(h *handle) int64 {
	_, bytes := h.task.BufferedTotal()
	h.inbox.mu.Lock()
	defer h.inbox.mu.Unlock()
	for i := range h.inbox.batches {
		bytes += sizeOf(h.inbox.batches[i].records)
	}
	return bytes
}

// paceTime is how long the records processed in one go may take, roughly: so
// often the worker looks at its mailbox and whether a commit is due.
const paceTime = 10 * time.Millisecond

// pace adapts the number of records processed in one go to how long they take.
func (w *worker) pace(h *handle, records int, took time.Duration) {
	switch {
	case took > paceTime:
		h.batch = max(h.batch/2, 1)
	case took < paceTime/4 && records == h.batch:
		h.batch = min(2*h.batch, w.inst.cfg.Batch)
	}
}

// full reports that enough is uncommitted while the pipeline has no room:
// processing waits until a transaction has settled.
func (w *worker) full() bool {
	if w.outstanding < w.inst.cfg.InFlight {
		return false
	}
	var bytes int64
	for _, h := range w.handles {
		bytes += h.task.UncommittedBytes()
	}
	return bytes >= w.inst.workerBytes
}

func (w *worker) punctuate(h *handle, ms int64) error {
	if w.inst.cfg.Bounded {
		return nil
	}
	_, err := h.task.Punctuate(ms, true)
	return err
}

// feed moves what was fetched for a task into its queues.
func (w *worker) feed(h *handle) {
	h.fetched = h.inbox.take(h.fetched)
	for i := range h.fetched {
		b := &h.fetched[i]
		w.scratch = w.scratch[:0]
		for _, r := range b.records {
			w.scratch = append(w.scratch, input(r))
		}
		h.task.Add(b.topic, w.scratch)
		h.task.SetLag(b.topic, b.lag)
		clear(w.scratch)
		*b = batch{}
	}
}

// recover takes all tasks back to the last committed state after a
// transaction has failed: nothing is in flight any more, and what the stores
// hold is what the broker has.
func (w *worker) recover() {
	w.inst.log.Warn("transaction aborted, going back to the last commit", "worker", w.index, "err", w.failure)
	for _, h := range w.handles {
		h.task.Discard()
		h.drain = draining{}
		h.conclusion.reset()
		h.inbox.close()
		h.waiting.Store(false)
		if !h.lost.Load() && !h.releasing {
			w.inst.fetcher.seek(h, positions(h))
		}
	}
	w.first, w.records = time.Time{}, 0
	w.retries++
	w.resumeAt = w.inst.now().Add(backoff(w.retries))
	w.failure = nil
	w.ctx.Load().cancel()
	w.renewContext()
	w.poisoned.Store(false)
}

func backoff(retries int) time.Duration {
	if retries <= 1 {
		return 0
	}
	return min(10*time.Millisecond<<min(retries-2, 10), 5*time.Second)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// positions are where the task's inputs go on from after its last commit.
func positions(h *handle) map[string]int64 {
	m := make(map[string]int64, len(h.inputs))
	for _, p := range h.inputs {
		if at := h.task.Committed(p.topic); at >= 0 {
			m[p.topic] = at
		}
	}
	return m
}
