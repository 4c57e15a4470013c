package runtime

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
)

// TestCallsThatDoNotReturn are told from those that may still do, whether
// their context ended by the time-out or with their task.
func TestCallsThatDoNotReturn(t *testing.T) {
	e, t0 := newExecutor(), time.Unix(0, 0)
	open, ended := make(chan struct{}), make(chan struct{})
	deaf := func(context.Context) { <-open }
	ctx, cancel := context.WithCancel(t.Context())
	e.Go(ctx, &graph.Node{Name: "lost"}, time.Hour, deaf)
	e.Go(t.Context(), &graph.Node{Name: "busy"}, time.Hour, deaf)
	e.Go(t.Context(), &graph.Node{Name: "late"}, time.Nanosecond, func(ctx context.Context) {
		<-ctx.Done()
		close(ended)
		<-open
	})
	<-ended
	check := func(at, patience time.Duration, want string) {
		t.Helper()
		err := e.check(t0.Add(at), patience)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want || err != nil && !errors.Is(err, errDeafCalls) {
			t.Errorf("at %s: %q, want %q", at, got, want)
		}
	}
	check(0, time.Minute, "")
	cancel()
	check(30*time.Second, time.Minute, "")
	check(60*time.Second, time.Minute, "calls did not return 1m0s after their context had ended (late: 1): return from a call when its context ends")
	check(90*time.Second, time.Minute, "calls did not return 1m0s after their context had ended (late: 1, lost: 1): return from a call when its context ends")
	close(open)
	if err := e.wait(time.Hour); err != nil {
		t.Error(err)
	}
	check(time.Hour, time.Minute, "")
}
