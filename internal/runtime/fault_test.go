package runtime

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

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
					r := newRig(t, b, 2)
					r.feed(1500)
					db, w := keep(t, state.Memory()), r.watchRestores()
					for crash := range 3 {
						cfg := w.on(r.config())
						cfg.State, cfg.InFlight = db, inFlight
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
