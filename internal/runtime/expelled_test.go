package runtime

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
)

// workerHolds stops the next transaction of some workers of an instance at a
// point, once armed.
type workerHolds struct {
	mu      sync.Mutex // guards what follows
	last    map[int]uint64
	points  map[int]Point
	at      map[int]chan struct{} // closed when the transaction is there
	free    map[int]chan struct{}
	aborted map[int]bool // the held one has been settled, and not committed
	held    map[int]uint64
	sent    map[int]int // transactions after the held one that wrote something
}

func holdWorkers(cfg *Config) *workerHolds {
	h := &workerHolds{
		last: make(map[int]uint64), points: make(map[int]Point), held: make(map[int]uint64), sent: make(map[int]int),
		at: make(map[int]chan struct{}), free: make(map[int]chan struct{}), aborted: make(map[int]bool),
	}
	cfg.Fault = func(p Point, seq uint64) error {
		if wait := h.arrive(p, seq); wait != nil {
			<-wait
		}
		return nil
	}
	cfg.Observer.OnCommit = func(i processor.CommitInfo) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.last[i.Worker] = i.Sequence
		if h.held[i.Worker] == i.Sequence {
			h.aborted[i.Worker] = !i.Committed
		}
	}
	return h
}

// arrive returns what to wait for. Workers number their transactions from
// random starts, so that a number says whose it is.
func (h *workerHolds) arrive(p Point, seq uint64) chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w, point := range h.points {
		if seq-h.last[w] >= 1<<20 {
			continue
		}
		if p == PointSent && h.held[w] != 0 {
			h.sent[w]++
		}
		if p == point && h.held[w] == 0 {
			h.held[w] = seq
			close(h.at[w])
			return h.free[w]
		}
	}
	return nil
}

func (h *workerHolds) arm(worker int, p Point) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.points[worker], h.at[worker], h.free[worker] = p, make(chan struct{}), make(chan struct{})
}

func (h *workerHolds) known(workers int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.last) == workers
}

// let lets the held transaction of a worker go on; calling it again is fine.
func (h *workerHolds) let(worker int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.free[worker]:
	default:
		close(h.free[worker])
	}
}

// sentSince is how many transactions of a worker wrote something since the held one.
func (h *workerHolds) sentSince(worker int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sent[worker]
}

func (h *workerHolds) refused(worker int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.aborted[worker]
}

// TestExpelledWhileInACallback is the worst that a group can do to a member:
//
//	A           worker 0 has a transaction open, worker 1 as well
//	B joins     A is to give the tasks of worker 1 back: its callback waits
//	            for the transaction there
//	C joins     A does not answer and is expelled; B and C take everything
//	            over, process it and commit
//	A returns   from its callback, and the client joins again under a new
//	            member id without a word
//	A           ends the transaction of worker 0, whose tasks it never lost
//
// With the new member id the broker would take the offsets, and they would go
// back. A's transaction must not commit.
func TestExpelledWhileInACallback(t *testing.T) {
	t.Parallel()
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for _, exactlyOnce := range []bool{true, false} {
			points := []Point{PointBegun, PointFlushed, PointOffsets}
			if !exactlyOnce {
				points = []Point{PointFlushed} // then the offsets are committed
			}
			for _, point := range points {
				t.Run(fmt.Sprintf("%s/exactly once %t", point, exactlyOnce), func(t *testing.T) {
					t.Parallel()
					expelled(t, newRig(t, b, 2), point, exactlyOnce)
				})
			}
		}
	})
}

func expelled(t *testing.T, r *rig, point Point, exactlyOnce bool) {
	config := func() Config {
		cfg := r.config()
		cfg.ExactlyOnce, cfg.InFlight, cfg.RebalanceTimeout = exactlyOnce, 1, 3*time.Second
		return cfg
	}
	r.feed(200)
	cfg := config()
	cfg.Workers = 2
	h := holdWorkers(&cfg)
	h.arm(0, "")
	h.arm(1, "")
	a := r.start(cfg)
	t.Cleanup(func() { h.let(0); h.let(1) })
	r.settled()
	kafkatest.WaitFor(t, "a transaction of each worker", func() bool { return h.known(2) })
	h.arm(0, point)
	h.arm(1, PointFrozen)
	r.feed(300)
	<-h.at[0]
	<-h.at[1]
	old, _ := a.group.GroupMetadata()

	two := r.start(config())
	kafkatest.WaitFor(t, "A's callback to wait", func() bool { return a.tasksHeld() == 2 })
	for id, task := range *a.held.Load() {
		if task.worker.index != 0 {
			t.Fatalf("A keeps task %s of worker %d", id, task.worker.index)
		}
	}
	three := r.start(config())
	r.steady(2, two, three)
	r.settled()
	before := r.b.Committed(t, r.app)

	h.let(1)
	// If a heartbeat is refused before the client joins again, it says that the tasks
	// are lost, and waits for worker 0 before it joins.
	kafkatest.WaitFor(t, "A's new member id, or the loss of its tasks", func() bool {
		member, _ := a.group.GroupMetadata()
		return member != "" && member != old || a.tasksHeld() == 0
	})
	sent := h.sentSince(0) // the held one, if it was held before
	if point == PointBegun {
		sent++
	}
	h.let(0)
	kafkatest.WaitFor(t, "the refusal of A's transaction", func() bool { return h.refused(0) })
	for topic, offsets := range r.b.Committed(t, r.app) {
		for p, at := range offsets {
			if at < before[topic][p] {
				t.Errorf("the committed offset of %s[%d] went back from %d to %d", topic, p, before[topic][p], at)
			}
		}
	}
	// A is a member like any other again, and has written nothing in between: under
	// at least once nobody would take it back, and changelogs would have the counts
	// of before for the next owner to restore.
	share := func() bool { return a.tasksHeld() > 0 && len(a.running()) == a.tasksHeld() }
	kafkatest.WaitFor(t, "A's share of the tasks", share)
	if n := h.sentSince(0) - sent; n > 0 {
		t.Errorf("after A's tasks were lost its worker wrote in %d more transactions", n)
	}
	r.feed(100)
	r.settled()
	kafkatest.WaitFor(t, "A's share of the tasks", share)
	for _, run := range []*running{a, two, three} {
		if err := run.stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	if exactlyOnce {
		r.check()
	} else {
		r.checkAtLeast()
	}
}
