package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/topology"
)

// engine is one task without anything around it. It is fed from memory,
// committed every so many records, and what it writes goes into its stores.
type engine struct {
	*task.Task
	db      state.DB
	stores  []state.Store
	batch   []graph.Input
	keys    []byte
	offset  int64
	pending int // records since the last commit
	seq     uint64
}

const (
	engineBatch  = 500    // records that are fed at once
	engineCommit = 20_000 // records between commits: what 100 ms bring at 200,000 a second
)

func newEngine(ctx context.Context, b *topology.Builder, dir string) (*engine, error) {
	g, err := b.Build()
	if err != nil {
		return nil, err
	}
	sub := g.Subtopologies[0]
	e := &engine{batch: make([]graph.Input, engineBatch), keys: make([]byte, 0, 16*engineBatch)}
	e.db, err = lsm.Dir(dir).Open(ctx, state.Options{App: "growth", CacheBytes: 64 * mib, MemtableBytes: 64 * mib})
	if err != nil {
		return nil, err
	}
	cfg := task.Config{
		App: "growth", Sub: sub, Topics: map[*graph.Node][]string{sub.Sources[0]: {"in"}}, Positions: map[string]int64{"in": 0},
		Stores: map[string]state.Store{}, EntryBytes: 64 * mib,
	}
	for _, spec := range sub.Stores {
		s, err := e.db.Store(state.ID{Name: spec.Name})
		if err != nil {
			return nil, errors.Join(err, e.db.Close())
		}
		cfg.Stores[spec.Name] = s
		e.stores = append(e.stores, s)
	}
	if e.Task, err = task.New(cfg); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

func (e *engine) close() error {
	var errs []error
	if e.Task != nil {
		errs = append(errs, e.Task.Close())
	}
	for _, s := range e.stores {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, e.db.Close())...)
}

// run feeds n records with the keys that next draws.
func (e *engine) run(n int64, next func() int64) error {
	for n > 0 {
		batch := e.batch[:min(n, engineBatch)]
		n -= int64(len(batch))
		e.keys = e.keys[:0]
		for i := range batch {
			from := len(e.keys)
			e.keys = appendKey(e.keys, next())
			batch[i] = graph.Input{Key: e.keys[from:], Value: payload, Offset: e.offset, Time: e.offset}
			e.offset++
		}
		e.Add("in", batch)
		e.SetLag("in", 0)
		for e.Buffers() {
			if _, err := e.Process(e.offset, engineBatch); err != nil {
				return err
			}
		}
		if e.pending += len(batch); e.pending >= engineCommit {
			if err := e.commit(); err != nil {
				return err
			}
		}
	}
	return e.commit()
}

// Buffers reports whether records wait.
func (e *engine) Buffers() bool {
	n, _ := e.BufferedTotal()
	return n > 0
}

// commit does what a worker does, without the broker.
func (e *engine) commit() error {
	e.pending = 0
	e.seq++
	c, err := e.Commit(e.seq, e.offset)
	if err != nil || c == nil {
		return err
	}
	e.Settled(c)
	return e.Apply(func(*graph.StoreSpec) state.Position {
		return state.Position{Next: e.offset, CurrentAt: e.offset}
	})
}

// measured builds an engine, lets it meet every key, and measures it over
// records with keys that are drawn by chance.
func measured(ctx context.Context, p *point, b *topology.Builder, keys, records int64) (s sample, err error) {
	e, err := newEngine(ctx, b, p.Dir)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	i := int64(-1)
	if err := e.run(max(keys, 10*engineBatch), func() int64 { i++; return scattered(i, keys) }); err != nil {
		return s, err
	}
	runtime.GC()
	r := rand.New(rand.NewPCG(1, 2))
	m, err := p.meter()
	if err != nil {
		return s, err
	}
	if err := e.run(records, func() int64 { return r.Int64N(keys) }); err != nil {
		return s, err
	}
	return m.sample(records, time.Now()), nil
}

func overKeys(ctx context.Context, p *point) (sample, error) {
	b := topology.New()
	counts := topology.Count(topology.GroupByKey(topology.Stream[string, string](b, "in")), storeName)
	topology.To(counts.ToStream(), "out")
	return measured(ctx, p, b, p.At, p.Records)
}

// overOperators chains maps that do next to nothing: what is measured is the
// way from one to the next.
func overOperators(ctx context.Context, p *point) (sample, error) {
	b := topology.New()
	s := topology.Stream[string, string](b, "in")
	for range p.At {
		s = topology.MapValues(s, func(v string) string { return v[1:] + "." })
	}
	topology.To(s, "out")
	return measured(ctx, p, b, manyKeys, p.Records)
}

// overStores counts the same records many times.
func overStores(ctx context.Context, p *point) (sample, error) {
	b := topology.New()
	in := topology.GroupByKey(topology.Stream[string, string](b, "in"))
	for n := range p.At {
		topology.Count(in, storeName+"-"+strconv.FormatInt(n, 10))
	}
	return measured(ctx, p, b, manyKeys/100, max(p.Records/p.At, 1))
}
