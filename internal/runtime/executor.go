package runtime

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
)

// executor runs calls to other services, each on a goroutine of its own, and
// knows which ones have not returned.
type executor struct {
	mu      sync.Mutex // guards the fields below
	running map[*openCall]struct{}
	idle    chan struct{} // closed when nothing runs; nil unless somebody waits
}

// openCall is a call that has not returned.
type openCall struct {
	node  string
	ctx   context.Context
	ended time.Time // when ctx was seen to have ended, by check
}

func newExecutor() *executor { return &executor{running: make(map[*openCall]struct{})} }

// Go implements graph.Executor.
func (e *executor) Go(ctx context.Context, node *graph.Node, timeout time.Duration, fn func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	r := &openCall{node: node.Name, ctx: ctx}
	e.mu.Lock()
	e.running[r] = struct{}{}
	e.mu.Unlock()
	go func() {
		defer e.returned(r)
		defer cancel()
		fn(ctx)
	}()
}

func (e *executor) returned(r *openCall) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.running, r)
	if len(e.running) == 0 && e.idle != nil {
		close(e.idle)
		e.idle = nil
	}
}

// check returns an error if there are calls that go on although their context
// was seen to have ended longer than patience ago. Nobody can end them: the
// records behind them would wait for good, and each abort that they cause
// leaves as many more of them behind.
func (e *executor) check(now time.Time, patience time.Duration) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	deaf := make(map[string]int)
	for r := range e.running {
		switch {
		case r.ctx.Err() == nil:
		case r.ended.IsZero():
			r.ended = now
		case now.Sub(r.ended) >= patience:
			deaf[r.node]++
		}
	}
	if len(deaf) == 0 {
		return nil
	}
	return fmt.Errorf("calls did not return %s after their context had ended (%s): %w", patience, byNode(deaf), errDeafCalls)
}

// wait waits until every call has returned. No more may be started.
func (e *executor) wait(patience time.Duration) error {
	e.mu.Lock()
	if len(e.running) == 0 {
		e.mu.Unlock()
		return nil
	}
	idle := make(chan struct{})
	e.idle = idle
	e.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-idle:
		return nil
	case <-timer.C:
		return fmt.Errorf("shutdown: calls did not return after their context had ended (%s): %w", e, errDeafCalls)
	}
}

var errDeafCalls = errors.New("return from a call when its context ends")

// String lists what runs, by node.
func (e *executor) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	counts := make(map[string]int)
	for r := range e.running {
		counts[r.node]++
	}
	return byNode(counts)
}

func byNode(counts map[string]int) string {
	var parts []string
	for _, node := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s: %d", node, counts[node]))
	}
	return strings.Join(parts, ", ")
}
