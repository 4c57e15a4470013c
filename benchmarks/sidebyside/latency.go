package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/benchmarks/internal/program"
)

// latency measures counting at each of the rates.
func latency(ctx context.Context, g *rig, w workload, s system, guarantee string) (results []result, err error) {
	for _, text := range g.options.rates {
		rate, err := rateOf(text)
		if err != nil {
			return results, err
		}
		one, err := g.latencyAt(ctx, s, guarantee, rate)
		if err != nil {
			return results, fmt.Errorf("at %d records/s: %w", rate, err)
		}
		one.Workload = w.name + "-" + text
		results = append(results, one)
	}
	return results, nil
}

func (g *rig) latencyAt(ctx context.Context, s system, guarantee string, rate int) (one result, err error) {
	app := g.name(s, "latency")
	in := app + "-in"
	if err := g.cluster.create(ctx, in, nil); err != nil {
		return one, err
	}
	r, err := g.start(ctx, spec{system: s, guarantee: guarantee, topology: program.Count, in: in, app: app})
	if err != nil {
		return one, err
	}
	defer func() { err = first(err, r.clean(ctx)) }()

	plan := newSchedule(g.options, rate)
	reader, err := kgo.NewClient(kgo.SeedBrokers(g.cluster.Addrs...), kgo.ConsumeTopics(r.out),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return one, err
	}
	defer reader.Close()
	if err := r.prime(ctx, reader, g.options.keys); err != nil {
		return one, err
	}
	// The program is at work, and the rest of the way is set up.
	plan.start = time.Now().Add(startDelay)
	sending, stop := context.WithCancel(ctx)
	sent := make(chan error, 1)
	go func() { sent <- g.cluster.send(sending, in, plan) }()
	samples, err := r.sample(ctx, reader, plan)
	stop()
	if err := first(err, <-sent); err != nil {
		return one, err
	}
	used, err := r.stop()
	if err != nil {
		return one, err
	}
	slices.Sort(samples)
	return result{System: s.name, Guarantee: guarantee, Records: plan.total(),
		P50: quantile(samples, 0.5), P99: quantile(samples, 0.99), P999: quantile(samples, 0.999),
		CPU: new(perMillion(used.cpu, plan.total())), Peak: known(used.peak)}, nil
}

// prime counts a record in every partition, of keys that the schedule does not
// have, and waits for the results.
func (r *run) prime(ctx context.Context, reader *kgo.Client, keys int64) error {
	c := r.rig.cluster
	err := c.Produce(ctx, int64(c.partitions), func(i int64) *kgo.Record {
		return &kgo.Record{Topic: r.in, Partition: c.partitionOf(keys + i), Key: keyOf(keys + i), Value: payload}
	})
	seen := int32(0)
	for err == nil && seen < c.partitions {
		err = r.read(ctx, reader, func(_, _ int64, _ time.Time) error {
			seen++
			return nil
		})
	}
	return err
}

// read hands on the counts of one poll, with the time when they were there. It
// fails if the program has ended, or if nothing comes for too long.
func (r *run) read(ctx context.Context, reader *kgo.Client, count func(key, n int64, at time.Time) error) error {
	fetches := pollWithin(ctx, reader)
	at := time.Now()
	if err := r.running(); err != nil {
		return err
	}
	if err := fetches.Err0(); err != nil {
		return r.failure("no counts come: " + err.Error())
	}
	var bad error
	fetches.EachRecord(func(rec *kgo.Record) {
		key, err := numberOf(rec.Key)
		if err == nil {
			var n int64
			if n, err = countOf(rec.Value); err == nil {
				err = count(key, n, at)
			}
		}
		bad = first(bad, err)
	})
	return bad
}

// sample reads counts until the last of each key is there, and returns the
// latencies in milliseconds of all behind the warm-up.
func (r *run) sample(ctx context.Context, reader *kgo.Client, plan *schedule) (samples []float64, err error) {
	for left := plan.distinct(); left > 0 && err == nil; {
		err = r.read(ctx, reader, func(key, n int64, at time.Time) error {
			i, ok := plan.record(key, n)
			if !ok {
				return fmt.Errorf("the result is wrong: a key counts %d, more than was sent", n)
			}
			if i >= plan.warm {
				samples = append(samples, float64(at.Sub(plan.due(i)))/float64(time.Millisecond))
			}
			if plan.isLast(key, n) {
				left--
			}
			return nil
		})
	}
	return samples, err
}

// send writes each record when it is due, none earlier.
func (c *cluster) send(ctx context.Context, topic string, plan *schedule) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Addrs...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerLinger(0))
	if err != nil {
		return err
	}
	defer cl.Close()
	failed := make(chan error, 1)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for i := int64(0); i < plan.total(); {
		select {
		case <-tick.C:
		case err := <-failed:
			return err
		case <-ctx.Done():
			return nil // the reader gave up, and says why
		}
		for now := time.Now(); i < plan.total() && !plan.due(i).After(now); i++ {
			key := plan.keys[i]
			r := &kgo.Record{Topic: topic, Partition: c.partitionOf(key), Key: keyOf(key), Value: payload, Timestamp: plan.due(i)}
			cl.Produce(ctx, r, func(_ *kgo.Record, err error) {
				if err != nil && ctx.Err() == nil {
					select {
					case failed <- err:
					default:
					}
				}
			})
		}
	}
	if err := cl.Flush(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// startDelay is the time between the last primer and the first record: the
// clients are connected by then.
const startDelay = 500 * time.Millisecond
