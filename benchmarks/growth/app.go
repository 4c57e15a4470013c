package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/benchmarks/internal/kafka"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/topology"
)

// storeName is that of the store of counts.
const storeName = "counts"

// count lets an application count its whole input. Time is taken from the
// first record on to the last commit, processor time to the end.
func count(ctx context.Context, p *point) (sample, error) {
	var began sync.Once
	var m meter
	var failed error
	var committed atomic.Pointer[time.Time]
	b := topology.New()
	in := topology.Stream[string, string](b, p.In).Peek(func(string, string) { began.Do(func() { m, failed = p.meter() }) })
	topology.Count(topology.GroupByKey(in), storeName)
	app, err := millrace.New(b, p.config(processor.Observer{OnCommit: func(processor.CommitInfo) { committed.Store(new(time.Now())) }}))
	if err != nil {
		return sample{}, err
	}
	if err := app.RunUntilCaughtUp(ctx); err != nil {
		return sample{}, err
	}
	if n := app.Totals().Records; n != p.Records {
		return sample{}, fmt.Errorf("%d records were counted, want %d", n, p.Records)
	}
	return m.sample(p.Records, *committed.Load()), failed
}

func (p *point) config(observer processor.Observer) millrace.Config {
	cfg := millrace.Config{
		AppID:    p.App,
		Brokers:  p.Brokers,
		Client:   []kgo.Opt{kgo.ProducerBatchCompression(kgo.NoCompression())},
		Workers:  p.Workers,
		Memory:   p.Memory,
		Observer: observer,
		Logger:   slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if !p.RAM {
		cfg.State = lsm.Dir(p.Dir)
	}
	return cfg
}

// withApp runs a counting application while use runs, from when all of its
// tasks are there and restored.
func (p *point) withApp(ctx context.Context, observer processor.Observer, use func(*millrace.App) error) error {
	b := topology.New()
	topology.Count(topology.GroupByKey(topology.Stream[string, string](b, p.In)), storeName)
	app, err := millrace.New(b, p.config(observer))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { _ = app.Run(ctx) }()
	err = kafka.Poll(ctx, func() (bool, error) {
		return app.Ready() == nil && len(app.Status().Tasks) == p.Tasks, app.Err()
	})
	if err == nil {
		err = use(app)
	}
	cancel()
	<-app.Done()
	if err == nil {
		err = app.Err()
	}
	return err
}

// idle watches an application that has nothing to do.
func idle(ctx context.Context, p *point) (s sample, err error) {
	err = p.withApp(ctx, processor.Observer{}, func(*millrace.App) error {
		while := time.Duration(p.Seconds) * time.Second
		time.Sleep(min(while, settling))
		m, err := p.meter()
		time.Sleep(while)
		s = m.sample(0, time.Now())
		return err
	})
	return s, err
}

// settling is how long after its start an application is left alone at most.
const settling = 5 * time.Second

// restore lets an application without state find its changelog. Time is taken
// from the beginning of the first store to the end of the last, processor time
// from the start.
func restore(ctx context.Context, p *point) (s sample, err error) {
	var mu sync.Mutex // guards first and last
	var first, last time.Time
	observer := processor.Observer{OnRestore: func(i processor.RestoreInfo) {
		mu.Lock()
		defer mu.Unlock()
		if last = time.Now(); first.IsZero() || last.Add(-i.Duration).Before(first) {
			first = last.Add(-i.Duration)
		}
	}}
	m, err := p.meter()
	if err != nil {
		return s, err
	}
	err = p.withApp(ctx, observer, func(app *millrace.App) error {
		if n := app.Totals().Restored; n != p.Records {
			return fmt.Errorf("%d records were restored, want %d", n, p.Records)
		}
		mu.Lock()
		defer mu.Unlock()
		m.began = first
		s = m.sample(p.Records, last)
		return nil
	})
	return s, err
}
