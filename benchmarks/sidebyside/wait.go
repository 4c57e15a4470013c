package main

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// stallTimeout is how long there may be no progress: of a program, or of the
// broker.
const stallTimeout = time.Minute

// pollWithin polls a consumer; its Err0 tells when nothing came for too long.
func pollWithin(ctx context.Context, cl *kgo.Client) kgo.Fetches {
	ctx, cancel := context.WithTimeout(ctx, stallTimeout)
	defer cancel()
	return cl.PollFetches(ctx)
}
