package millrace

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-io/millrace/internal/draw"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/runtime"
	"github.com/millrace-io/millrace/metrics"
	"github.com/millrace-io/millrace/status"
	"github.com/millrace-io/millrace/topology"
)

// App is one instance of an application. Its methods may be called by many
// goroutines.
type App struct {
	cfg      Config
	graph    *graph.Graph
	recorder *metrics.Recorder
	instance *runtime.Instance

	running atomic.Bool
	aborted atomic.Bool
	done    chan struct{}
	mu      sync.Mutex // guards err
	err     error
}

// inFlight is how many transactions of a worker are open at once: one ends
// while the next is sent, unless that is small.
const inFlight = 2

// parcelShare is which part of the budget for outputs a worker sends before all of it
// has to be acknowledged. With more it was no faster, but took more memory: clients
// forget the buffers of their requests, each of which grows anew.
const parcelShare = 128

// batchRecords is how many records of a task are processed in one go.
const batchRecords = 512

// housekeeping is the interval of purging repartition topics and of looking
// for new partitions.
const housekeeping = 30 * time.Second

// New makes an App of a topology. It returns everything that is wrong with the
// topology and the Config, joined. It connects to nothing yet.
func New(b *topology.Builder, cfg Config) (*App, error) {
	cfg = cfg.withDefaults()
	g, err := b.Build()
	if err = errors.Join(err, cfg.validate(), errors.Join(checkPolicies(cfg.Errors, g)...)); err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, graph: g, done: make(chan struct{})}
	a.recorder = metrics.New(a.info())
	if err := a.recorder.Register(cfg.Registerer); err != nil {
		return nil, fmt.Errorf("config: Registerer: %w", err)
	}
	a.instance = runtime.New(a.runtimeConfig())
	a.recorder.OnScrape(a.instance.Scrape)
	return a, nil
}

// info is what becomes labels of metrics.
func (a *App) info() metrics.Info {
	info := metrics.Info{
		App: a.cfg.AppID, Guarantee: a.cfg.Guarantee.String(), TopologyHash: a.graph.Hash(),
		Subtopologies: len(a.graph.Subtopologies),
	}
	for _, sub := range a.graph.Subtopologies {
		for _, n := range sub.Sources {
			if n.Source.Pattern != "" {
				info.Sources = append(info.Sources, n.Source.Pattern)
				continue
			}
			info.Sources = append(info.Sources, n.Source.TopicNames(a.cfg.AppID)...)
		}
		for _, n := range sub.Sinks {
			if n.Sink.Chosen {
				continue
			}
			info.Sinks = append(info.Sinks, n.Sink.TopicName(a.cfg.AppID))
		}
		for _, s := range sub.Stores {
			info.Stores = append(info.Stores, s.Name)
		}
	}
	for _, t := range a.graph.Globals {
		info.Globals = append(info.Globals, t.Name)
		info.Sources = append(info.Sources, t.Topic())
	}
	if t := a.cfg.Errors.DeadLetterTopic; t != "" {
		info.Sinks = append(info.Sinks, t)
	}
	return info
}

func (a *App) runtimeConfig() runtime.Config {
	c := a.cfg
	return runtime.Config{
		App: c.AppID, InstanceID: c.InstanceID, Host: hostname(), Client: c.client(), Graph: a.graph, State: c.State,
		Workers: c.Workers, InFlight: inFlight, Batch: batchRecords, ExactlyOnce: c.Guarantee == ExactlyOnce,
		CommitInterval: c.CommitInterval, SessionTimeout: c.SessionTimeout, RebalanceTimeout: c.RebalanceTimeout,
		TransactionTimeout: c.TransactionTimeout, ShutdownTimeout: c.ShutdownTimeout, StateRetention: c.StateRetention,
		QueueBytes: c.Memory.Queues, EntryBytes: c.Memory.Entries, OutboxBytes: c.Memory.Outbox, ParcelBytes: int(c.Memory.Outbox / parcelShare),
		CacheBytes: c.Memory.BlockCache, MemtableBytes: c.Memory.Memtables,
		ReplicationFactor: c.ReplicationFactor, Policies: c.Errors, Recorder: a.recorder,
		Logger: c.Logger, Observer: c.Observer, Housekeeping: housekeeping,
	}
}

// Run joins the application's group and processes until ctx ends: then it
// finishes the record in hand, commits, leaves the group and returns nil. It
// returns the first error that it cannot get over; brokers that are away are
// none, it waits for them. An App runs once.
func (a *App) Run(ctx context.Context) error { return a.run(ctx, a.instance.Run) }

// RunUntilCaughtUp is Run that ends by itself when all that the sources held
// at its start is processed and committed, and all that came of it in
// repartition topics. Wall-clock punctuations are not called; tables that emit
// at intervals do so once, at the end. Where several instances run, none ends in
// the middle of a rebalance. It is the way to run a topology over a bounded
// input.
func (a *App) RunUntilCaughtUp(ctx context.Context) error {
	return a.run(ctx, a.instance.RunUntilCaughtUp)
}

func (a *App) run(ctx context.Context, run func(context.Context) error) error {
	if a.running.Swap(true) {
		return errors.New("an App runs only once: make another with New")
	}
	defer close(a.done)
	defer a.recorder.Unregister()
	a.cfg.Logger.Info("memory budget", "app", a.cfg.AppID, "total_bytes", a.cfg.Memory.Total(),
		"queues", a.cfg.Memory.Queues, "entries", a.cfg.Memory.Entries, "outbox", a.cfg.Memory.Outbox,
		"block_cache", a.cfg.Memory.BlockCache, "memtables", a.cfg.Memory.Memtables)
	err := run(ctx)
	a.mu.Lock()
	a.err = err
	a.mu.Unlock()
	return err
}

// Abort makes Run return soon without committing what is in the works, which
// is processed again after a restart. Nothing is lost.
func (a *App) Abort() {
	a.aborted.Store(true)
	a.instance.Abort()
}

// Aborted reports whether Abort was called.
func (a *App) Aborted() bool { return a.aborted.Load() }

// Done is closed when Run has returned.
func (a *App) Done() <-chan struct{} { return a.done }

// Err is what Run returned; nil before.
func (a *App) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

// State is what the instance does at the moment.
func (a *App) State() status.State { return a.instance.State() }

// Status is a snapshot of the instance: its tasks, positions and lags, workers
// and membership.
func (a *App) Status() status.Snapshot {
	s := a.instance.Snapshot()
	s.Topology = a.graph.Hash()
	return s
}

// Live returns an error if only a restart helps: the instance has failed, or
// user code has blocked a worker for half a minute. Brokers that are away,
// rebalances and restores are no reason to restart, which would only undo work.
func (a *App) Live() error { return a.instance.Live() }

// Ready returns an error that lists what is missing until the instance is in
// the group, all global tables are filled and all its tasks are restored. An
// instance without tasks is a spare, and ready.
func (a *App) Ready() error {
	var errs []error
	for _, c := range a.instance.Checks() {
		if !c.OK {
			errs = append(errs, errors.New(c.String()))
		}
	}
	return errors.Join(errs...)
}

// Totals are what the instance has done since it was started.
func (a *App) Totals() Totals { return Totals(a.instance.Totals()) }

// Totals are sums since the start of an instance.
type Totals struct {
	Records  int64 // input records in committed transactions
	Commits  int64 // commits that succeeded
	Aborts   int64 // transactions that were aborted and processed again
	Restored int64 // changelog records read back
}

// Describe is the compiled topology as text, with the fields of the structs
// that keys and values are made of.
func (a *App) Describe() string { return a.graph.Describe() }

// Mermaid is the compiled topology as the text of a Mermaid flowchart.
func (a *App) Mermaid() string { return draw.Mermaid(a.graph.Status()) }

// DOT is the compiled topology as the text of a Graphviz digraph.
func (a *App) DOT() string { return draw.DOT(a.graph.Status()) }

// JSON is the compiled topology as a versioned status.Graph, for topology.Diff
// and other programs.
func (a *App) JSON() ([]byte, error) { return draw.JSON(a.graph.Status()) }
