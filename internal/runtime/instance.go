package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/changelog"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/status"
)

// Instance is one running member of an application. It is used once: New, Run.
type Instance struct {
	cfg Config
	log *slog.Logger

	// abortCtx ends when everything is to be dropped at once; whatever waits
	// for a broker waits under it.
	abortCtx context.Context
	abort    context.CancelFunc
	// failed is closed by fail with cause set.
	failed   chan struct{}
	failOnce sync.Once
	cause    error

	// up says that open is done. What it made may be read from then on by
	// those who ask from outside: the fields from here to workerBytes.
	up          atomic.Bool
	id          string
	started     atomic.Int64 // Run, or when membership was last lost, Unix milliseconds
	db          state.DB
	admin       *kgo.Client // requests that belong to no member and no transaction
	adm         *kadm.Client
	group       *kgo.Client
	link        *groupLink // of group
	tv2         bool       // the cluster has transaction.version 2 or later (KIP-890)
	topics      atomic.Pointer[layout]
	outputs     outputs
	balancer    *balancer
	restorer    *changelog.Restorer
	fetcher     *fetcher
	globals     []*global // made by New
	workers     []*worker
	workerBytes int64 // uncommitted bytes at which a worker commits early

	loaded   *loads
	members  membership
	turn     chan struct{} // held by what changes membership: callbacks, restarts
	starters sync.WaitGroup
	calls    *executor
	// background goroutines end before Run returns.
	background sync.WaitGroup

	held        atomic.Pointer[map[processor.TaskID]*handle]
	state       atomic.Value                 // status.State
	drain       atomic.Bool                  // no more processing
	inputsDone  atomic.Pointer[map[int]bool] // see conclude, by subtopology
	brokersAway atomic.Bool
	unreachable atomic.Int64                // see clientHook
	starved     atomic.Bool                 // the fetcher waits for queues to become shorter
	paused      atomic.Pointer[map[tp]bool] // the fetcher's full, for others to read
	figures     figures
	unmoved     map[tp]stableWatch // the watch goroutine's
	aging       map[string]bool    // stores that it has warned of, see warnOfAge
}

// New makes an instance; nothing is opened or connected yet.
func New(cfg Config) *Instance {
	cfg.ApplyInterval = cmp.Or(cfg.ApplyInterval, 2*time.Second)
	i := &Instance{cfg: cfg, log: cfg.Logger, failed: make(chan struct{}), loaded: newLoads(), turn: make(chan struct{}, 1), calls: newExecutor(), aging: map[string]bool{}}
	if i.log == nil {
		i.log = slog.New(slog.DiscardHandler)
	}
	i.log = i.log.With("app", cfg.App)
	i.abortCtx, i.abort = context.WithCancel(context.Background())
	i.members.owned = make(map[tp]bool)
	for _, spec := range cfg.Graph.Globals {
		i.globals = append(i.globals, newGlobal(i, spec))
	}
	i.held.Store(&map[processor.TaskID]*handle{})
	i.state.Store(status.Created)
	return i
}

func (i *Instance) now() time.Time { return time.Now() }

// Abort makes Run return soon, without committing what is in the works.
func (i *Instance) Abort() { i.abort() }

func (i *Instance) aborting() bool { return i.abortCtx.Err() != nil }

// stopping reports that workers should not process any more.
func (i *Instance) stopping() bool { return i.drain.Load() }

// fail ends Run with err, unless something failed before.
func (i *Instance) fail(err error) {
	i.failOnce.Do(func() {
		i.cause = err
		i.drain.Store(true)
		var e *processor.Error
		if errors.As(err, &e) && e.Stack != nil {
			i.log.Error("failed, shutting down", "err", err, "stack", string(e.Stack))
		} else {
			i.log.Error("failed, shutting down", "err", err)
		}
		close(i.failed)
	})
}

// Run works until ctx ends, Abort is called or something fails. It returns nil
// after a clean stop.
func (i *Instance) Run(ctx context.Context) error { return i.run(ctx, nil) }

// run is Run with an optional condition: until is called when all is up, and
// its return stops the instance as the end of ctx would.
func (i *Instance) run(ctx context.Context, until func(context.Context) error) (err error) {
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(i.abortCtx, cancel)
	i.started.Store(i.now().UnixMilli())
	i.figures.started.Store(i.started.Load())
	i.setState(status.Starting, nil)
	defer func() {
		if err != nil {
			i.fail(err)
			i.setState(status.Failed, err)
		} else {
			i.setState(status.Stopped, nil)
		}
	}()
	defer i.close()
	if err := i.open(stop); err != nil {
		if stop.Err() != nil && !errors.Is(err, state.ErrLocked) {
			return i.ended(nil) // asked to stop before it was up
		}
		return err
	}
	i.up.Store(true)
	fetchCtx, stopFetching := context.WithCancel(context.Background())
	defer stopFetching()
	for _, w := range i.workers {
		i.background.Go(w.run)
	}
	go i.fetcher.run(fetchCtx)
	watchCtx, stopWatching := context.WithCancel(i.abortCtx)
	i.background.Go(func() { i.watch(watchCtx) })
	for _, g := range i.globals {
		i.background.Go(func() { g.run(watchCtx) })
	}
	reached := make(chan error, 1)
	if until != nil {
		i.background.Go(func() { reached <- until(watchCtx) })
	}
	var untilErr error
	select {
	case <-stop.Done():
	case <-i.failed:
	case untilErr = <-reached:
	}
	i.setState(status.Stopping, nil)
	deadline := i.now().Add(i.cfg.ShutdownTimeout)
	i.drain.Store(true)
	stopWatching()
	left := i.shutdown()
	stopFetching()
	i.leaveGroup()
	<-i.fetcher.done
	i.group.AllowRebalance() // closing leaves the group once more, beside the last poll
	for _, w := range i.workers {
		w.stop()
	}
	i.starters.Wait()
	i.background.Wait()
	if err := i.calls.wait(max(deadline.Sub(i.now()), leaveTimeout)); err != nil {
		i.log.Error("calls are left behind", "err", err)
		left = errors.Join(left, err)
	}
	if untilErr != nil && !errors.Is(untilErr, context.Canceled) {
		return untilErr
	}
	return i.ended(left)
}

// leaveTimeout bounds the client's good-bye to the group. It would repeat it for
// half a minute, and does not say it before a rebalance in progress is over.
const leaveTimeout = 2 * time.Second

func (i *Instance) leaveGroup() {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	i.group.AllowRebalance()
	if err := i.group.LeaveGroupContext(ctx); err != nil {
		i.log.Info("did not leave the group properly", "err", err)
		i.link.end() // also of a join that waits for others
		ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
		defer cancel()
		i.evict(ctx, "the instance has stopped")
	}
	i.group.Close()
	i.link.end()
}

// ended is what Run returns.
func (i *Instance) ended(left error) error {
	select {
	case <-i.failed:
		return i.cause
	default:
		return left
	}
}

// shutdown settles and closes all tasks while the member is still in the
// group: leaving stops its heartbeats.
func (i *Instance) shutdown() error {
	i.turn <- struct{}{}
	held := i.tasks()
	i.setTasks(nil)
	var gone []*handle
	for _, h := range held {
		gone = append(gone, h)
	}
	<-i.turn
	done := i.releaseAll(gone)
	timer := time.NewTimer(i.cfg.ShutdownTimeout)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-i.abortCtx.Done():
		i.lose(gone)
		<-done
		return nil
	case <-timer.C:
		calls := i.calls.String()
		i.log.Warn("shutdown takes too long, aborting", "timeout", i.cfg.ShutdownTimeout, "calls", calls)
		i.abort()
		i.lose(gone)
		<-done
		if calls != "" {
			calls = " with calls open (" + calls + ")"
		}
		return fmt.Errorf("shutdown: the last transaction was aborted after %s%s; its records will be processed again", i.cfg.ShutdownTimeout, calls)
	}
}

// close releases what open made.
func (i *Instance) close() {
	i.abort()
	if i.admin != nil {
		i.admin.Close()
	}
	if i.db != nil {
		if err := i.db.Close(); err != nil {
			i.log.Warn("close state", "err", err)
		}
	}
}

// callback makes a group callback wait its turn.
func (i *Instance) callback(fn func(context.Context, *kgo.Client, map[string][]int32)) func(context.Context, *kgo.Client, map[string][]int32) {
	return func(ctx context.Context, cl *kgo.Client, m map[string][]int32) {
		i.inCallback(func() { fn(ctx, cl, m) })
	}
}

func (i *Instance) inCallback(fn func()) {
	i.turn <- struct{}{}
	defer func() { <-i.turn }()
	fn()
}

// tasks returns a copy of the map of tasks; setTasks replaces it and the
// fetcher's routes. Only what holds the turn changes it.
func (i *Instance) tasks() map[processor.TaskID]*handle { return maps.Clone(*i.held.Load()) }

func (i *Instance) setTasks(held map[processor.TaskID]*handle) {
	if held == nil {
		held = make(map[processor.TaskID]*handle)
	}
	routes := make(map[tp]*handle)
	for _, h := range held {
		for _, p := range h.inputs {
			routes[p] = h
		}
	}
	i.held.Store(&held)
	i.fetcher.routes.Store(&routes)
}

// running lists the tasks that process.
func (i *Instance) running() []*handle {
	held := *i.held.Load()
	out := make([]*handle, 0, len(held))
	for _, h := range held {
		if h.phase.Load() == phaseRunning {
			out = append(out, h)
		}
	}
	return out
}

// pollTimeout bounds one poll, so that the fetcher looks after pauses.
func (i *Instance) pollTimeout() time.Duration { return time.Second }

func (i *Instance) taskEntryBytes() int64 {
	tasks := 0
	for _, n := range i.layout().counts.Tasks {
		tasks += n
	}
	return max(i.cfg.EntryBytes/int64(max(tasks, 1)), 1<<20)
}
