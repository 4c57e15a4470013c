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
	running map[string]int
	idle    chan struct{} // closed when nothing runs; nil unless somebody waits
}

func newExecutor() *executor { return &executor{running: make(map[string]int)} }

// Go implements graph.Executor.
func (e *executor) Go(ctx context.Context, node *graph.Node, timeout time.Duration, fn func(context.Context)) {
	e.add(node.Name, 1)
	go func() {
		defer e.add(node.Name, -1)
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		fn(ctx)
	}()
}

func (e *executor) add(node string, n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.running[node] += n
	if e.running[node] == 0 {
		delete(e.running, node)
	}
	if len(e.running) == 0 && e.idle != nil {
		close(e.idle)
		e.idle = nil
	}
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
	var parts []string
	for _, node := range slices.Sorted(maps.Keys(e.running)) {
		parts = append(parts, fmt.Sprintf("%s: %d", node, e.running[node]))
	}
	return strings.Join(parts, ", ")
}
