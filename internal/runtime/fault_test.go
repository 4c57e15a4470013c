package runtime

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/state"
)

var errInjected = errors.New("injected fault")

// TestFaultAtEachStepOfACommit makes every third transaction fail at each of its
// steps, with one and with two transactions open. What had not been committed
// is aborted and processed again; what had been is known to be.
func TestFaultAtEachStepOfACommit(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for _, inFlight := range []int{1, 2} {
			for _, point := range Points[:5] {
				t.Run(fmt.Sprintf("%d/%s", inFlight, point), func(t *testing.T) {
					t.Parallel()
					r := newRig(t, b, 2)
					r.feed(4000)
					cfg := r.config()
					cfg.InFlight = inFlight
					var seen, injected atomic.Int32
					cfg.Fault = func(p Point, _ uint64) error {
						if p == point && seen.Add(1)%3 == 0 {
							injected.Add(1)
							return errInjected
						}
						return nil
					}
					r.catchUp(cfg)
					r.check()
					if injected.Load() == 0 {
						t.Fatal("no fault was injected")
					}
					t.Logf("%d faults in %d transactions", injected.Load(), seen.Load())
				})
			}
		}
	})
}

// TestCrashAtEachStepOfACommit ends an instance at each step, without settling
// anything, and lets a successor with the same state go on. The successor
// restores no more than one transaction: the one of which only the broker knew
// that it was committed.
func TestCrashAtEachStepOfACommit(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for _, inFlight := range []int{1, 2} {
			for _, point := range Points {
				t.Run(fmt.Sprintf("%d/%s", inFlight, point), func(t *testing.T) {
					t.Parallel()
					r := newRig(t, b, 2)
					r.feed(1500)
					db, w := keep(t, state.Memory()), r.watchRestores()
					for crash := range 3 {
						cfg := w.on(r.config())
						cfg.State, cfg.InFlight, cfg.ApplyInterval = db, inFlight, 1 // at each commit
						var inst *Instance
						var seen atomic.Int32
						cfg.Fault = func(p Point, _ uint64) error {
							if p == point && int(seen.Add(1)) == 2+crash {
								inst.Abort()
								if p != PointApplied { // a store that refuses is another matter
									return errInjected
								}
							}
							return nil
						}
						inst = New(cfg)
						if err := inst.RunUntilCaughtUp(t.Context()); err != nil {
							t.Fatalf("after Abort: %v", err)
						}
						if n := w.since(); n > w.limit() {
							t.Errorf("%d records restored after a crash, more than a transaction has (%d)", n, w.limit())
						}
					}
					cfg := w.on(r.config())
					cfg.State = db
					r.catchUp(cfg)
					r.check()
					if n := w.since(); n > w.limit() {
						t.Errorf("%d records restored after a crash, more than a transaction has (%d)", n, w.limit())
					}
				})
			}
		}
	})
}

// TestCrashBeforeStateIsApplied ends an instance whose stores have nothing yet
// of what it has committed. Its successor takes that from the changelogs.
func TestCrashBeforeStateIsApplied(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 2)
		r.feed(1500)
		db, w := keep(t, state.Memory()), r.watchRestores()
		cfg := w.on(r.config())
		cfg.State, cfg.ApplyInterval = db, time.Hour
		var inst *Instance
		cfg.Fault = func(p Point, _ uint64) error {
			if p == PointApplied {
				t.Error("state was applied")
			}
			if p == PointEnded && cfg.Recorder.Store("counts").Logged.Load() > 100 {
				inst.Abort()
			}
			return nil
		}
		inst = New(cfg)
		if err := inst.RunUntilCaughtUp(t.Context()); err != nil {
			t.Fatalf("after Abort: %v", err)
		}
		cfg.Fault = nil
		r.catchUp(cfg)
		r.check()
		if w.since() == 0 {
			t.Error("nothing was restored")
		}
	})
}

// TestStoreThatRefusesEndsTheRun lets a store fail once. It takes nothing that
// was committed later, or it would lack what it refused for ever.
func TestStoreThatRefusesEndsTheRun(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 2)
		r.feed(1500)
		db := keep(t, state.Memory())
		cfg := r.config()
		cfg.State, cfg.ApplyInterval = db, 1
		var applied atomic.Int32
		cfg.Fault = func(p Point, _ uint64) error {
			if p == PointApplied && applied.Add(1) == 2 {
				return errInjected
			}
			return nil
		}
		if err := New(cfg).RunUntilCaughtUp(t.Context()); !errors.Is(err, errInjected) {
			t.Fatalf("got %v, want the store's error", err)
		}
		cfg.Fault = nil
		r.catchUp(cfg)
		r.check()
	})
}
