package kafka

import (
	"context"
	"time"
)

// pollInterval is how often the driver asks the broker whether a run is done:
// seldom enough to cost nothing. It adds nothing to what is measured.
const pollInterval = 100 * time.Millisecond

// Poll asks until the answer is yes, an error, or ctx ends.
func Poll(ctx context.Context, ask func() (bool, error)) error {
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
