package runtime

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// TestAtLeastOnceWithFaults makes every third commit fail at each of its steps,
// or ends the instance there, without transactions. Records may be counted
// twice then, but never be missed: offsets are committed only after everything
// that came of the records before them is acknowledged.
func TestAtLeastOnceWithFaults(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for _, crash := range []bool{false, true} {
			for _, inFlight := range []int{1, 2} {
				for _, point := range []Point{PointFrozen, PointBegun, PointSent, PointFlushed, PointOffsets} {
					t.Run(fmt.Sprintf("crash=%t/%d/%s", crash, inFlight, point), func(t *testing.T) {
						t.Parallel()
						atLeastOnce(newRig(t, b, 2), point, inFlight, crash)
					})
				}
			}
		}
	})
}

func atLeastOnce(r *rig, point Point, inFlight int, crash bool) {
	r.feed(1000)
	var injected atomic.Int32
	config := func() Config {
		cfg := r.config()
		cfg.ExactlyOnce, cfg.InFlight = false, inFlight
		return cfg
	}
	for range 3 {
		cfg := config()
		var inst *Instance
		var seen atomic.Int32
		cfg.Fault = func(p Point, _ uint64) error {
			if p != point || seen.Add(1)%3 != 0 {
				return nil
			}
			injected.Add(1)
			if crash {
				inst.Abort()
			}
			return errInjected
		}
		inst = New(cfg)
		if err := inst.RunUntilCaughtUp(r.t.Context()); err != nil {
			r.t.Fatalf("RunUntilCaughtUp: %v", err)
		}
	}
	r.catchUp(config())
	r.checkAtLeast()
	if injected.Load() == 0 {
		r.t.Error("no fault was injected")
	}
}
