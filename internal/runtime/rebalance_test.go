package runtime

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/status"
)

// hold stops the n-th transaction that comes to a point until let is called.
// The instance is otherwise free to go on.
type hold struct {
	at   chan struct{} // closed when the transaction is there
	free chan struct{}
	once sync.Once
}

func holdAt(cfg *Config, point Point, n int32) *hold {
	h := &hold{at: make(chan struct{}), free: make(chan struct{})}
	if point == PointApplied {
		cfg.ApplyInterval = 1 // at each commit
	}
	var seen atomic.Int32
	cfg.Fault = func(p Point, _ uint64) error {
		if p == point && seen.Add(1) == n {
			close(h.at)
			<-h.free
		}
		return nil
	}
	return h
}

func (h *hold) let() { h.once.Do(func() { close(h.free) }) }

// TestRebalanceAtEachStepOfACommit holds a transaction at each of its steps
// until the group has moved on: another instance has joined and the holder is
// giving tasks back, or another has left and its tasks are here, or the holder
// itself is being stopped. The transaction then goes on under the generation
// of that moment; nothing is lost, doubled or thrown away.
func TestRebalanceAtEachStepOfACommit(t *testing.T) {
	t.Parallel()
	scenes := map[string]func(r *rig, inFlight int, point Point){
		"joins": joinsDuring, "leaves": leavesDuring, "stops": stopsDuring,
	}
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for name, scene := range scenes {
			for _, inFlight := range []int{1, 2} {
				for _, point := range Points {
					t.Run(fmt.Sprintf("%s/%d/%s", name, inFlight, point), func(t *testing.T) {
						t.Parallel()
						r := newRig(t, b, 2)
						scene(r, inFlight, point)
						r.settled()
						r.check()
					})
				}
			}
		}
	})
}

func joinsDuring(r *rig, inFlight int, point Point) {
	r.feed(600)
	mine, theirs := r.watchRestores(), r.watchRestores()
	cfg := mine.on(r.config())
	cfg.State, cfg.InFlight = keep(r.t, state.Memory()), inFlight
	h := holdAt(&cfg, point, 4)
	one := r.start(cfg)
	r.t.Cleanup(h.let)
	h.wait(r)
	other := theirs.on(r.config())
	other.State, other.InFlight = keep(r.t, state.Memory()), inFlight
	two := r.start(other)
	kafkatest.WaitFor(r.t, "the holder to give tasks back", func() bool { return one.tasksHeld() == 2 })
	h.let()
	r.feed(200)
	r.steady(2, one, two)
	r.settled()
}

func leavesDuring(r *rig, inFlight int, point Point) {
	r.feed(100)
	mine, theirs := r.watchRestores(), r.watchRestores()
	other := theirs.on(r.config())
	other.State, other.InFlight = keep(r.t, state.Memory()), inFlight
	two := r.start(other)
	r.steady(4, two)
	cfg := mine.on(r.config())
	cfg.State, cfg.InFlight = keep(r.t, state.Memory()), inFlight
	h := holdAt(&cfg, point, 2)
	one := r.start(cfg)
	r.t.Cleanup(h.let)
	r.steady(2, one, two)
	r.feed(600)
	h.wait(r)
	if err := two.stop(); err != nil {
		r.t.Errorf("the one that left: %v", err)
	}
	kafkatest.WaitFor(r.t, "its tasks to come here", func() bool { return one.tasksHeld() == 4 })
	h.let()
	r.steady(4, one)
	r.settled()
}

func stopsDuring(r *rig, inFlight int, point Point) {
	r.feed(600)
	w := r.watchRestores()
	cfg := w.on(r.config())
	cfg.State, cfg.InFlight = keep(r.t, state.Memory()), inFlight
	h := holdAt(&cfg, point, 3)
	one := r.start(cfg)
	r.t.Cleanup(h.let)
	h.wait(r)
	stopped := make(chan error, 1)
	go func() { stopped <- one.stop() }()
	kafkatest.WaitFor(r.t, "the shutdown to begin", func() bool { return one.State() == status.Stopping })
	h.let()
	if err := <-stopped; err != nil {
		r.t.Errorf("the one that was stopped: %v", err)
	}
	w.since()
	cfg.Fault = nil
	r.start(cfg)
	r.settled()
	if n := w.since(); n != 0 {
		r.t.Errorf("%d records restored after a clean stop", n)
	}
}

// wait returns when the transaction is at its point.
func (h *hold) wait(r *rig) {
	r.t.Helper()
	kafkatest.WaitFor(r.t, "a transaction at the point", func() bool {
		select {
		case <-h.at:
			return true
		default:
			return false
		}
	})
}
