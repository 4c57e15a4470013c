package runtime

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// fetcher polls the group's client for all tasks of the instance.
//
// Between a poll and AllowRebalance the group can't rebalance, so it never
// waits there: it runs what was posted to it, deals the records out, and lets
// go. That window is the only one in which the client's positions may be set.
type fetcher struct {
	inst *Instance
	box  *mailbox
	done chan struct{}

	// routes says which task reads a partition. Replaced as a whole by the
	// group's callbacks, read on each poll.
	routes atomic.Pointer[map[tp]*handle]

	mu     sync.Mutex         // guards cancel
	cancel context.CancelFunc // ends the running poll

	// The fetcher goroutine's.
	full map[tp]bool // paused because their task waits for another input
	// The seeks of this window, and what is to flow again.
	set    map[string]map[int32]kgo.EpochOffset
	resume map[string][]int32
}

func newFetcher(i *Instance) *fetcher {
	f := &fetcher{inst: i, box: newMailbox(), done: make(chan struct{}), full: make(map[tp]bool), set: make(map[string]map[int32]kgo.EpochOffset), resume: make(map[string][]int32)}
	f.routes.Store(&map[tp]*handle{})
	return f
}

// post runs fn in the next window between a poll and AllowRebalance.
func (f *fetcher) post(fn func()) {
	f.box.post(fn)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cancel != nil {
		f.cancel()
	}
}

// drained says that queues may have become shorter.
func (f *fetcher) drained() {
	if f.inst.starved.Load() {
		f.box.notify()
	}
}

// seek sets the client back, or for a new task on, to the given positions and
// lets its partitions flow into its inbox.
func (f *fetcher) seek(h *handle, positions map[string]int64) {
	f.post(func() {
		routes := *f.routes.Load()
		for _, p := range h.inputs {
			if routes[p] != h {
				return // lost meanwhile
			}
		}
		for _, p := range h.inputs {
			if at, ok := positions[p.topic]; ok {
				if f.set[p.topic] == nil {
					f.set[p.topic] = make(map[int32]kgo.EpochOffset)
				}
				f.set[p.topic][p.partition] = kgo.EpochOffset{Epoch: -1, Offset: at}
			}
			f.resume[p.topic] = append(f.resume[p.topic], p.partition)
			delete(f.full, p)
		}
		h.inbox.open()
	})
}

// applySeeks does all seeks of a window at once: each call of SetOffsets stops
// all fetches of the client and starts them anew.
func (f *fetcher) applySeeks() {
	if len(f.resume) == 0 {
		return
	}
	f.inst.group.SetOffsets(f.set)
	f.inst.group.ResumeFetchPartitions(f.resume)
	clear(f.set)
	clear(f.resume)
}

// nudge makes the client look whether it has something to fetch. Two restarts
// of its fetches close to one another can leave it without any: the loop of
// the first sees its end only after the second one's start was noted as being
// for it, and drops that with itself (franz-go 1.22.2, source.loopFetch).
func (f *fetcher) nudge() { f.inst.group.ResumeFetchPartitions(nil) }

func (f *fetcher) run(ctx context.Context) {
	defer close(f.done)
	cl := f.inst.group
	for ctx.Err() == nil {
		if f.overfull() {
			// Not polling is the back-pressure. Rebalances go on.
			f.inst.starved.Store(true)
			if f.overfull() {
				start := f.inst.now()
				select {
				case <-f.box.wake:
				case <-ctx.Done():
				}
				f.inst.cfg.Recorder.Backpressure.BufferFull.Add(f.inst.now().Sub(start))
			}
			f.inst.starved.Store(false)
			if f.overfull() && !f.box.pending() {
				continue
			}
		}
		pollCtx, cancel := context.WithTimeout(ctx, f.inst.pollTimeout())
		f.mu.Lock()
		f.cancel = cancel
		f.mu.Unlock()
		if f.box.pending() || f.overfull() {
			cancel()
		}
		fetches := cl.PollFetches(pollCtx)
		cancel()
		// What was polled comes from before any seek: it must be dealt out, or
		// dropped by closed inboxes, first.
		f.deal(fetches)
		f.box.run()
		f.applySeeks()
		f.balance()
		if fetches.NumRecords() == 0 {
			f.nudge()
		}
		cl.AllowRebalance()
		if fetches.IsClientClosed() {
			return
		}
	}
}

// overfull reports whether enough is queued. A task that waits for an input
// that lags behind must be fed, though, however much the others hold.
func (f *fetcher) overfull() bool {
	var bytes int64
	for _, h := range f.inst.running() {
		if h.waiting.Load() {
			return false
		}
		bytes += h.inbox.bytes.Load()
	}
	return bytes >= f.inst.cfg.QueueBytes
}

// deal hands what a poll brought to the tasks' inboxes.
func (f *fetcher) deal(fetches kgo.Fetches) {
	routes := *f.routes.Load()
	woken := make(map[*worker]bool, len(f.inst.workers))
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		at := tp{p.Topic, p.Partition}
		if p.Err != nil {
			f.failed(at, p.Err)
		}
		if len(p.Records) == 0 {
			return
		}
		h := routes[at]
		if h == nil {
			return
		}
		last := p.Records[len(p.Records)-1]
		b := batch{topic: p.Topic, records: p.Records, lag: max(p.LastStableOffset-last.Offset-1, 0)}
		bytes := sizeOf(p.Records)
		if h.inbox.push(b, bytes) && h.worker != nil {
			woken[h.worker] = true
			f.inst.consumed(at, p.Records)
		}
	})
	for w := range woken {
		w.box.notify()
	}
}

// balance pauses inputs that hold more than their share while their task waits
// for another input, and resumes them when they are down to half of it. The
// client throws away what it has buffered of a paused partition, so this is
// kept for the case that nothing else helps.
func (f *fetcher) balance() {
	running := f.inst.running()
	inputs := 0
	for _, h := range running {
		inputs += len(h.inputs)
	}
	share := f.inst.cfg.QueueBytes / int64(max(inputs, 1))
	pause, resume := make(map[string][]int32), make(map[string][]int32)
	held := make(map[tp]bool)
	for _, h := range running {
		p := h.pub.Load()
		if p == nil {
			continue
		}
		waiting := h.waiting.Load()
		for _, q := range p.Inputs {
			in, bytes := tp{q.Topic, h.id.Partition}, q.BufferedBytes.Load()
			held[in] = true
			switch {
			case !f.full[in] && waiting && bytes > share:
				f.full[in] = true
				pause[in.topic] = append(pause[in.topic], in.partition)
			case f.full[in] && (!waiting || bytes < share/2):
				delete(f.full, in)
				resume[in.topic] = append(resume[in.topic], in.partition)
			}
		}
	}
	for in := range f.full {
		if !held[in] {
			delete(f.full, in)
		}
	}
	if len(pause) > 0 {
		f.inst.group.PauseFetchPartitions(pause)
	}
	if len(resume) > 0 {
		f.inst.group.ResumeFetchPartitions(resume)
	}
	if last := f.inst.paused.Load(); last == nil || !maps.Equal(*last, f.full) {
		paused := maps.Clone(f.full)
		f.inst.paused.Store(&paused)
	}
}

// failed deals with an error that a poll brought for a partition.
func (f *fetcher) failed(at tp, err error) {
	var loss *kgo.ErrDataLoss
	var session *kgo.ErrGroupSession
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, kgo.ErrClientClosed):
	case errors.As(err, &loss):
		f.inst.dataLost(at, fmt.Errorf("the log was truncated to offset %d, behind position %d", loss.ResetTo, loss.ConsumedTo))
	case errors.Is(err, kerr.OffsetOutOfRange):
		f.inst.dataLost(at, errors.New("the position is out of range"))
	case errors.Is(err, kerr.UnknownTopicID), errors.Is(err, kerr.UnknownTopicOrPartition), errors.Is(err, kerr.InconsistentTopicID):
		f.inst.dataLost(at, errors.New("the topic was deleted or recreated"))
	case errors.As(err, &session):
		f.inst.log.Warn("group session lost, joining again", "err", session.Err)
	case fatalBroker(err):
		f.inst.fail(&taskInputError{at, err})
	default:
		f.inst.log.Warn("fetch", "topic", at.topic, "partition", at.partition, "err", err)
	}
}

type taskInputError struct {
	at  tp
	err error
}

func (e *taskInputError) Error() string { return fmt.Sprintf("read %s: %v", e.at, e.err) }
func (e *taskInputError) Unwrap() error { return e.err }
