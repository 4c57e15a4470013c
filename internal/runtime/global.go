package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// global is this instance's copy of a global table. One goroutine reads the
// topic, all partitions of it, outside of the group and of transactions:
//
//	begin          what is stored is good enough to go on from, or is dropped
//	follow         fetch -> decode -> store; the first mark reached: filled
//	  look         every while: a new mark, the table's positions kept
//
// A mark is where the topic ended at some time. Once the positions have passed
// it the table is known to have held, at that time, all that the topic did.
//
// Positions are kept after the rows that belong to them, not with them: to
// apply records twice changes nothing, as the order within a partition is kept.
type global struct {
	inst *Instance
	spec *graph.Global
	log  *slog.Logger

	// Made when the instance opens, before any task.
	store state.Store
	rows  *task.Global

	filled   chan struct{} // closed when tasks may read
	begun    atomic.Bool   // the figures below mean something
	from     atomic.Int64  // sums over all partitions: where reading began,
	position atomic.Int64  // has come to,
	end      atomic.Int64  // and the last mark
	records  atomic.Int64
	current  atomic.Int64 // when the table was last known to be complete, Unix milliseconds

	// The goroutine's.
	id   [16]byte         // of the topic
	fill int64            // ties what is in the store to the positions kept
	next []int64          // by partition
	mark []int64          // by partition, nil if none is waited for
	at   time.Time        // of the mark
	told map[string]int64 // what the metrics know of dropped records
}

func newGlobal(i *Instance, spec *graph.Global) *global {
	return &global{inst: i, spec: spec, log: i.log.With("global", spec.Name), filled: make(chan struct{}), told: make(map[string]int64)}
}

// openGlobals opens the stores of the global tables.
func (i *Instance) openGlobals() error {
	for _, g := range i.globals {
		var err error
		if g.store, err = i.db.Store(state.ID{Name: g.spec.Name}); err != nil {
			return fmt.Errorf("open global table %s: %w", g.spec.Name, err)
		}
		g.rows = task.NewGlobal(task.GlobalConfig{Global: g.spec, Store: g.store, Policies: i.cfg.Policies, OnError: i.taskError})
	}
	return nil
}

// checkGlobals reports global tables whose topic does not exist.
func (i *Instance) checkGlobals(exist map[string]int) error {
	var errs []error
	for _, g := range i.cfg.Graph.Globals {
		if _, ok := exist[g.Topic()]; !ok {
			errs = append(errs, fmt.Errorf("%s: topic %s does not exist: create it before the application starts", g.Line, g.Topic()))
		}
	}
	return errors.Join(errs...)
}

// run fills the table and keeps it up to date until ctx ends.
func (g *global) run(ctx context.Context) {
	for {
		err := g.begin(ctx)
		if err == nil {
			err = g.follow(ctx)
		}
		g.count()
		var lost *globalLost
		isLost := errors.As(err, &lost)
		if isLost {
			// Whatever the positions are now, they must not be used again.
			g.begun.Store(false)
			err = errors.Join(err, g.inst.db.SetMeta(g.metaKey(), nil))
		} else if g.begun.Load() {
			err = errors.Join(err, g.keep())
		}
		switch {
		case ctx.Err() != nil:
			return
		case isLost && !g.isFilled():
			g.log.Warn("reading the topic anew", "err", err)
			if sleep(ctx, time.Second) {
				continue
			}
			return
		}
		g.inst.fail(err)
		return
	}
}

func (g *global) isFilled() bool {
	select {
	case <-g.filled:
		return true
	default:
		return false
	}
}

// awaitGlobals waits until the global tables that a subtopology reads are
// filled, and returns their content.
func (i *Instance) awaitGlobals(ctx context.Context, sub *graph.Subtopology) (map[string]state.Store, error) {
	contents := make(map[string]state.Store, len(sub.Globals))
	for _, g := range i.globals {
		if slices.Contains(sub.Globals, g.spec) {
			select {
			case <-g.filled:
				contents[g.spec.Name] = g.store
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
	return contents, nil
}

// globalLost says that records are gone that the table may lack, or that it
// holds some that never were.
type globalLost struct{ err *processor.Error }

func (e *globalLost) Error() string { return e.err.Error() }
func (e *globalLost) Unwrap() error { return e.err }

func (g *global) lost(partition int32, offset int64, cause error) error {
	return &globalLost{g.fault(partition, offset, cause, "a restart reads the topic anew")}
}

// fault is an error with the table's place in it.
func (g *global) fault(partition int32, offset int64, cause error, hint string) *processor.Error {
	return &processor.Error{
		Class: processor.Restore, Task: processor.TaskID{Subtopology: -1, Partition: -1}, Node: g.spec.Name,
		Topic: g.spec.Topic(), Partition: partition, Offset: offset, Err: cause, Hint: hint,
	}
}
