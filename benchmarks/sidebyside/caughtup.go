package main

import (
	"context"
	"time"

	"github.com/millrace-io/millrace/benchmarks/internal/kafka"
)

// caughtUp waits until the program has committed all of its input. A program
// that stands still, or ends, is an error.
func (r *run) caughtUp(ctx context.Context) error {
	ends, err := r.rig.cluster.ends(ctx, r.in)
	if err != nil {
		return err
	}
	var before int64
	moved := time.Now()
	return kafka.Poll(ctx, func() (bool, error) {
		if err := r.running(); err != nil {
			return false, err
		}
		at, err := r.rig.cluster.committed(ctx, r.app, r.in)
		if err != nil {
			return false, err
		}
		var sum, want int64
		for p, end := range ends {
			sum, want = sum+max(at[p], 0), want+end
		}
		if sum != before {
			before, moved = sum, time.Now()
		}
		if sum < want && time.Since(moved) > stallTimeout {
			return false, r.failure("it stands still")
		}
		return sum >= want, nil
	})
}
