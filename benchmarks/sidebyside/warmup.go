package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/millrace-io/millrace/benchmarks/internal/program"
)

// A broker is warmed up for warmUpTime, at most warmUpRecords a run: so long its Java
// machine compiles, on nearly half of a processor at first. Where latency is measured it
// is warmed up for transactTime, too. For quickRecords, which are too few for figures,
// one run will do.
const (
	warmUpTime    = time.Minute
	transactTime  = 2 * time.Minute
	warmUpRecords = 4_000_000
	quickRecords  = 1_000_000
)

// warmUp lets a system run for nothing: a broker that has just been started is
// slow, and the first to run would pay for it.
func (g *rig) warmUp(ctx context.Context, s system) error {
	idle := *g
	idle.prefix += "-warm"
	idle.loaded = map[string]string{}
	idle.options.profiles = ""
	idle.options.records = min(g.options.records, warmUpRecords)
	for began := time.Now(); ; {
		if _, err := throughput(ctx, &idle, workloads["pass"], s, s.offered(program.ExactlyOnce)); err != nil {
			return err
		}
		if g.options.records <= quickRecords || time.Since(began) >= warmUpTime {
			break
		}
	}
	if slices.Contains(g.options.workloads, "latency") {
		return g.transact(ctx)
	}
	return nil
}

const (
	// loopers are the clients that commit transactions for nothing, and how many
	// records each of these has at most.
	loopers     = 4
	fewRecords  = 8
	loopRecords = 200_000
)

// transact has the broker commit many small transactions. The Java machine compiles
// code that has run some ten thousand times, and those of big transactions are few:
// the same program has a median of 30 ms on a broker that has just been started, and
// of 8 ms on one that has run for two minutes.
func (g *rig) transact(ctx context.Context) error {
	in, out := g.prefix+"-warm-in", g.prefix+"-warm-out"
	if err := errors.Join(g.cluster.create(ctx, in, nil), g.cluster.create(ctx, out, nil)); err != nil {
		return err
	}
	defer func() { _ = g.cluster.Remove(context.WithoutCancel(ctx), g.prefix+"-warm-") }()
	partitions := int64(g.cluster.partitions)
	lasts := transactTime
	if g.options.records <= quickRecords {
		lasts = time.Duration(g.options.seconds) * time.Second
	}
	err := g.cluster.Produce(ctx, min(g.options.records, loopRecords), func(i int64) *kgo.Record {
		return &kgo.Record{Topic: in, Partition: int32(i % partitions), Key: keyOf(i), Value: payload}
	})
	if err != nil {
		return err
	}
	timed, cancel := context.WithTimeout(ctx, lasts)
	defer cancel()
	all, timed := errgroup.WithContext(timed)
	for i := range loopers {
		all.Go(func() error { return g.loop(timed, fmt.Sprintf("%s-warm-%d", g.prefix, i), in, out) })
	}
	if err := all.Wait(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return ctx.Err()
}

// loop passes a few records on in each transaction until ctx ends or there are
// no more.
func (g *rig) loop(ctx context.Context, id, in, out string) error {
	s, err := kgo.NewGroupTransactSession(kgo.SeedBrokers(g.cluster.Addrs...), kgo.ConsumerGroup(id), kgo.TransactionalID(id),
		kgo.ConsumeTopics(in), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0))
	if err != nil {
		return err
	}
	defer s.Close()
	for left := min(g.options.records, loopRecords); left > 0; {
		fetches := s.PollRecords(ctx, fewRecords)
		if err := fetches.Err(); err != nil {
			return err
		}
		if err := s.Begin(); err != nil {
			return err
		}
		for r := range fetches.RecordsAll() {
			left--
			s.Produce(ctx, &kgo.Record{Topic: out, Partition: r.Partition, Key: r.Key, Value: r.Value}, nil)
		}
		if _, err := s.End(ctx, kgo.TryCommit); err != nil {
			return err
		}
	}
	return nil
}
