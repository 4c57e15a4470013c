package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/benchmarks/internal/kafka"
)

// rig is what all points share.
type rig struct {
	options options
	cluster *kafka.Cluster // nil if no series needs one
	dir     string
	prefix  string // of all topics and application ids
	inputs  map[input]string
	points  int
}

// series measures all points of a series, in rounds, and returns the medians.
func (g *rig) series(ctx context.Context, s *series, say func(string, ...any)) (results []result, failed error) {
	at := s.at
	if g.options.at != nil {
		at = g.options.at
	}
	samples := map[result][]sample{}
	var order []result
	for round := range g.options.rounds {
		for _, n := range at {
			for _, set := range s.settings {
				if set.most > 0 && n > set.most {
					continue
				}
				if ctx.Err() != nil {
					continue // what is measured is shown
				}
				key := result{Series: s.name, At: n, Setting: set.name}
				busy := load()
				one, err := g.point(ctx, s, set, n)
				if err != nil {
					err = fmt.Errorf("%s at %d: %w", s.name, n, err)
					say("%v", err)
					failed = errors.Join(failed, err)
					continue
				}
				if samples[key] == nil {
					order = append(order, key)
				}
				samples[key] = append(samples[key], one)
				say("round %d: %s at %d %s: %.2f s, %.2f s of processor time, load average before %.1f",
					round+1, s.name, n, set.name, one.Seconds, one.CPU, busy)
			}
		}
	}
	for _, key := range order {
		results = append(results, median(key, samples[key]))
	}
	return results, errors.Join(failed, ctx.Err())
}

func (g *rig) point(ctx context.Context, s *series, set setting, at int64) (one sample, err error) {
	g.points++
	name := fmt.Sprintf("%s-%d-%s", g.prefix, g.points, s.name)
	p := &point{Series: s.name, At: at, Records: g.options.records, Seconds: g.options.seconds,
		App: name, Memory: set.memory, RAM: set.ram, Dir: filepath.Join(g.dir, name)}
	defer func() { err = errors.Join(err, os.RemoveAll(p.Dir)) }()
	if dir := g.options.profiles; dir != "" {
		p.Profile = filepath.Join(dir, fmt.Sprintf("%s-%d-%d.prof", s.name, at, g.points))
	}
	if s.prepare != nil {
		p.Brokers = g.cluster.Addrs
		defer func() { _ = g.cluster.Remove(context.WithoutCancel(ctx), name+"-") }()
		if err := s.prepare(ctx, g, p); err != nil {
			return one, err
		}
	}
	return p.run(ctx)
}

// input is a topic of records with values of 100 bytes.
type input struct {
	partitions    int32
	keys, records int64
}

// count gives a point an input, which is written when it is first asked for.
func (g *rig) count(ctx context.Context, p *point, in input) error {
	p.Tasks = int(in.partitions)
	p.In = g.inputs[in]
	if p.In != "" {
		return nil
	}
	p.In = fmt.Sprintf("%s-in-%d", g.prefix, len(g.inputs))
	if err := g.cluster.Create(ctx, p.In, in.partitions, nil); err != nil {
		return err
	}
	err := g.cluster.Produce(ctx, in.records, func(i int64) *kgo.Record {
		n := scattered(i, in.keys)
		return &kgo.Record{Topic: p.In, Partition: int32(n % int64(in.partitions)), Key: appendKey(nil, n), Value: payload}
	})
	if err != nil {
		return err
	}
	g.inputs[in] = p.In
	return nil
}

// restorePartitions is how many partitions of a changelog are restored.
const restorePartitions = 4

// writePast writes the changelog of an application that has counted p.At keys.
func writePast(ctx context.Context, g *rig, p *point) error {
	p.Records, p.Tasks, p.In = p.At, restorePartitions, p.App+"-in"
	if err := g.cluster.Create(ctx, p.In, restorePartitions, nil); err != nil {
		return err
	}
	// The application has been here before: its group has offsets.
	offsets := kadm.Offsets{}
	for n := range int32(restorePartitions) {
		offsets.AddOffset(p.In, n, 0, -1)
	}
	if err := g.cluster.Admin.CommitAllOffsets(ctx, p.App, offsets); err != nil {
		return err
	}
	topic := p.App + "-" + storeName + "-changelog"
	if err := g.cluster.Create(ctx, topic, restorePartitions, map[string]*string{"cleanup.policy": new("compact")}); err != nil {
		return err
	}
	return g.cluster.Produce(ctx, p.At, func(i int64) *kgo.Record {
		n := scattered(i, p.At)
		return &kgo.Record{Topic: topic, Partition: int32(n % restorePartitions), Key: appendKey(nil, n),
			Value: binary.BigEndian.AppendUint64(nil, 1)}
	})
}

// silence makes an input without records.
func silence(ctx context.Context, g *rig, p *point) error {
	p.Records, p.Tasks, p.In = 0, int(p.At), p.App+"-in"
	return g.cluster.Create(ctx, p.In, int32(p.At), nil)
}
