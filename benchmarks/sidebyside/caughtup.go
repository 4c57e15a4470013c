package main

import (
	"context"
	"time"

	"github.com/millrace-io/millrace/benchmarks/internal/kafka"
)

// caughtUp waits until the program has committed all of its input. A program
// that stands still, or ends, is an error.
func (r *run) caughtUp(ctx context.Context) error {
	topics := []string{r.in}
	if r.right != "" {
		topics = append(topics, r.right)
	}
	var want int64
	for _, topic := range topics {
		ends, err := r.rig.cluster.ends(ctx, topic)
		if err != nil {
			return err
		}
		for _, end := range ends {
			want += end
		}
	}
	var before int64
	moved := time.Now()
	return kafka.Poll(ctx, func() (bool, error) {
		if err := r.running(); err != nil {
			return false, err
		}
		var sum int64
		for _, topic := range topics {
			at, err := r.rig.cluster.committed(ctx, r.app, topic)
			if err != nil {
				return false, err
			}
			for _, offset := range at {
				sum += max(offset, 0)
			}
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
