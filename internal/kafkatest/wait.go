package kafkatest

import (
	"context"
	"testing"
	"time"
)

// WaitTimeout bounds WaitFor and every helper that waits for a broker. A busy
// machine takes a minute, under the race detector, for what takes seconds alone.
const WaitTimeout = 2 * time.Minute

// WaitFor returns once cond is true and fails the test if that takes longer
// than WaitTimeout. It asks every 5 ms.
func WaitFor(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(WaitTimeout)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("kafkatest: waited %s in vain: %s", WaitTimeout, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// within returns a context for one helper call; it ends with the test at the
// latest.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), WaitTimeout)
	t.Cleanup(cancel)
	return ctx
}
