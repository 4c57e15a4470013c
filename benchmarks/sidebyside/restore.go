package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/benchmarks/internal/program"
)

// updates is how often each key occurs in the changelogs of a restore.
const updates = 4

// restored is what a start with a changelog took.
type restored struct {
	ready time.Duration // until all partitions had their first output committed
	usage
}

// restore measures a start without a state folder, from changelogs as the
// system itself would have written them. What the program needs to start is not
// taken for restoring: the same start with empty changelogs is subtracted.
func restore(ctx context.Context, g *rig, w workload, s system, guarantee string) ([]result, error) {
	empty, err := g.restart(ctx, s, guarantee, 0)
	if err != nil {
		return nil, err
	}
	n := g.options.records * 4 / 3 / updates * updates
	full, err := g.restart(ctx, s, guarantee, n)
	if err != nil {
		return nil, err
	}
	one := result{System: s.name, Workload: w.name, Guarantee: guarantee, Records: n}
	one.Peak = known(full.peak)
	if full.ready > 0 {
		one.Start = new(full.ready.Seconds())
	}
	// With few records the difference may drown in that of two starts.
	if more := full.ready - empty.ready; more > 0 {
		one.RecordsPerSecond = new(perSecond(n, more))
	}
	one.CPU = new(perMillion(full.cpu, n))
	return []result{one}, nil
}

// restart starts a counting program that has a changelog of n records, no
// state, and one record to process in every partition.
func (g *rig) restart(ctx context.Context, s system, guarantee string, n int64) (res restored, err error) {
	app := g.name(s, "restore")
	in := app + "-in"
	if err := g.writePast(ctx, app, in, fmt.Sprintf(s.changelog, app), n); err != nil {
		return res, err
	}
	r, err := g.start(ctx, spec{system: s, guarantee: guarantee, topology: program.Count, in: in, app: app})
	if err != nil {
		return res, err
	}
	defer func() { err = first(err, r.clean(ctx)) }()
	if err := r.caughtUp(ctx); err != nil {
		return res, err
	}
	if res.usage, err = r.stop(); err != nil {
		return res, err
	}
	out, err := g.cluster.readOutput(ctx, r.out, program.Count)
	if err != nil {
		return res, err
	}
	for p := range int64(g.cluster.partitions) {
		want := int64(1)
		if p < n/updates {
			want += updates
		}
		if got := out.count(p); got != want {
			return res, fmt.Errorf("the result is wrong: after the restore a key counts %d, want %d", got, want)
		}
	}
	if !out.done.IsZero() {
		res.ready = out.done.Sub(r.started)
	}
	return res, nil
}

// writePast makes the topics of an application that has counted n records of
// n/updates keys, and is to count one more in every partition.
func (g *rig) writePast(ctx context.Context, app, in, changelog string, n int64) error {
	c := g.cluster
	if err := c.create(ctx, in, nil); err != nil {
		return err
	}
	err := c.Produce(ctx, int64(c.partitions), func(i int64) *kgo.Record {
		return &kgo.Record{Topic: in, Partition: c.partitionOf(i), Key: keyOf(i), Value: payload}
	})
	if err != nil {
		return err
	}
	// The application has been here before: its group has offsets.
	offsets := kadm.Offsets{}
	for p := range c.partitions {
		offsets.AddOffset(in, p, 0, -1)
	}
	if err := c.Admin.CommitAllOffsets(ctx, app, offsets); err != nil {
		return err
	}
	if err := c.create(ctx, changelog, map[string]*string{"cleanup.policy": new("compact")}); err != nil || n == 0 {
		return err
	}
	keys := n / updates
	return c.Produce(ctx, n, func(i int64) *kgo.Record {
		key := i % keys
		return &kgo.Record{Topic: changelog, Partition: c.partitionOf(key), Key: keyOf(key),
			Value: binary.BigEndian.AppendUint64(nil, uint64(i/keys+1))}
	})
}
