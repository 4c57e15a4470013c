package main

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// stallTimeout is how long there may be no progress: of a program, or of the
// broker.
const stallTimeout = time.Minute

// pollInterval is how often the driver asks the broker whether a run is done:
// seldom enough to cost nothing. It adds nothing to what is measured.
const pollInterval = 100 * time.Millisecond

// poll asks until the answer is yes, an error, or ctx ends.
func poll(ctx context.Context, ask func() (bool, error)) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		if yes, err := ask(); yes || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pollWithin polls a consumer; its Err0 tells when nothing came for too long.
func pollWithin(ctx context.Context, cl *kgo.Client) kgo.Fetches {
	ctx, cancel := context.WithTimeout(ctx, stallTimeout)
	defer cancel()
	return cl.PollFetches(ctx)
}
