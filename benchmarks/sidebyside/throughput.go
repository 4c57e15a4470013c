package main

import (
	"context"
	"time"
)

// throughput runs a system over a whole input.
func throughput(ctx context.Context, g *rig, w workload, s system, guarantee string) (res []result, err error) {
	in, err := g.input(ctx, w.input)
	if err != nil {
		return nil, err
	}
	right := ""
	if w.right.name != "" {
		if right, err = g.input(ctx, w.right); err != nil {
			return nil, err
		}
	}
	r, err := g.start(ctx, spec{system: s, guarantee: guarantee, topology: w.topology, in: in, right: right, app: g.name(s, w.name)})
	if err != nil {
		return nil, err
	}
	defer func() { err = first(err, r.clean(ctx)) }()

	began, err := r.begun(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.caughtUp(ctx); err != nil {
		return nil, err
	}
	used, err := r.stop()
	if err != nil {
		return nil, err
	}
	produced, err := g.cluster.bytes(ctx, r.app+"-")
	if err != nil {
		return nil, err
	}
	out, err := g.cluster.readOutput(ctx, r.out, w.topology)
	if err != nil {
		return nil, err
	}
	if err := out.check(w, g.options); err != nil {
		return nil, err
	}
	n := g.options.records
	one := result{System: s.name, Workload: w.name, Guarantee: guarantee, Records: n}
	one.CPU = new(perMillion(used.cpu, n))
	one.Peak = known(used.peak)
	one.Produced = known(produced)
	if !out.done.IsZero() {
		one.RecordsPerSecond = new(perSecond(n, out.done.Sub(began)))
		one.Start = new(out.first.Sub(r.started).Seconds())
	}
	return []result{one}, nil
}

// perSecond is a rate. Times come in milliseconds, so none is shorter.
func perSecond(n int64, d time.Duration) float64 {
	return float64(n) / max(d, time.Millisecond).Seconds()
}

func perMillion(d time.Duration, n int64) float64 { return d.Seconds() / float64(n) * 1e6 }

// known is nil for 0, which stands for what a platform or broker does not tell.
func known(n int64) *float64 {
	if n == 0 {
		return nil
	}
	return new(float64(n))
}

// first is the first error of some.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
