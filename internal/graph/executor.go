package graph

import (
	"context"
	"math"
	"time"
)

// Call is a call to another service that a node makes for a record, and what
// becomes of its result. A Call is used by one goroutine at a time.
type Call interface {
	// Run makes the call, on any goroutine, and keeps what it brings. It is
	// called once more for each retry.
	Run(ctx context.Context) error
	// Resume sends on what Run has brought, on the task's goroutine. It is
	// called as a record is: after an error nothing of it is left.
	Resume() error
}

// CallLimits say how the calls of one node are made.
type CallLimits struct {
	Concurrency int           // at once, in one task
	Timeout     time.Duration // of one attempt
	Retries     int           // of a call that has failed
	Backoff     time.Duration // before the first retry; doubles up to 64 times
}

// Longest is how long one call may take, with all its retries.
func (l CallLimits) Longest() time.Duration {
	pauses := 0.0
	for i := range min(l.Retries, 6) {
		pauses += float64(int(1) << i)
	}
	pauses += 64 * float64(max(l.Retries-6, 0))
	longest := (float64(l.Retries)+1)*float64(l.Timeout) + pauses*float64(l.Backoff)
	return time.Duration(min(longest, math.MaxInt64/2))
}

// Calls takes the calls of one node. They are made once the record in hand has
// been processed; if it fails they never are.
type Calls interface {
	// Add adds a call. It is made when all earlier ones of the same key have
	// been resumed; calls with a nil key wait for none. The key is copied.
	Add(key []byte, c Call)
	// Pass adds a call that waits for its turn as any other and is then
	// resumed without being run.
	Pass(key []byte, c Call)
}

// Executor is where calls run.
type Executor interface {
	// Go calls fn once, at once or later, on any goroutine, with a context
	// that ends with ctx or after the time-out. node makes the call.
	Go(ctx context.Context, node *Node, timeout time.Duration, fn func(context.Context))
}

// Inline is an Executor that runs every call at once, where it is made.
type Inline struct{}

// Go implements Executor.
func (Inline) Go(ctx context.Context, _ *Node, timeout time.Duration, fn func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	fn(ctx)
}
