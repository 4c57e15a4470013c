package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/millrace-io/millrace/benchmarks/internal/kafka"
)

func main() {
	o, err := parseOptions(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "sidebyside:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = sideBySide(ctx, o, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "sidebyside:", err)
		os.Exit(1)
	}
}

// sideBySide measures, writes the table to out and the files that are asked
// for, and what happens meanwhile to progress. Runs that failed are an error
// at the end: what the others measured is shown all the same.
func sideBySide(ctx context.Context, o options, out, progress io.Writer) error {
	if runtime.GOOS == "windows" {
		return errors.New("programs are stopped with SIGTERM, which Windows does not have")
	}
	say := func(format string, args ...any) { fmt.Fprintf(progress, format+"\n", args...) }
	dir, remove, err := kafka.Folder(o.dir, "sidebyside")
	if err != nil {
		return err
	}
	defer remove()
	if o.profiles != "" {
		if err := os.MkdirAll(o.profiles, 0o755); err != nil {
			return err
		}
	}
	systems, commands, err := buildAll(ctx, &builder{dir: filepath.Join(dir, "programs"), java: o.java, pgo: o.pgo}, o.systems, say)
	if err != nil {
		return err
	}
	addrs, broker, stop, err := kafka.Start(ctx, o.brokers, dir)
	if err != nil {
		return err
	}
	defer stop()
	connected, err := kafka.Connect(addrs)
	if err != nil {
		return err
	}
	defer connected.Close()
	c := &cluster{connected, o.partitions}
	g := &rig{options: o, cluster: c, dir: dir, commands: commands, loaded: map[string]string{},
		prefix: "bench" + strconv.FormatInt(time.Now().UnixMilli(), 36)}
	defer func() { _ = c.Remove(context.WithoutCancel(ctx), g.prefix+"-") }()

	say("on %s, with %d processors for it and the programs", broker, runtime.NumCPU())
	if err := g.warmUp(ctx, systems[0]); err != nil {
		say("warming up the broker: %v", err)
	}
	runs, failed := g.measure(ctx, systems, say)
	results := medians(runs)
	if err := writeTable(out, results); err != nil {
		return err
	}
	if o.json != "" {
		failed = errors.Join(failed, writeJSON(o.json, results))
	}
	if o.svg != "" {
		failed = errors.Join(failed, writeSVG(o.svg, results))
	}
	return failed
}

// measure runs all rounds. In each, every workload is run by all systems
// before the next begins; the system that comes first changes from round to
// round.
func (g *rig) measure(ctx context.Context, systems []system, say func(string, ...any)) (runs []result, failed error) {
	for round := range g.options.rounds {
		order := slices.Concat(systems[round%len(systems):], systems[:round%len(systems)])
		for _, j := range jobs(g.options, order) {
			if ctx.Err() != nil {
				return runs, errors.Join(failed, ctx.Err())
			}
			results, err := j.workload.measure(ctx, g, j.workload, j.system, j.guarantee)
			if err != nil {
				err = fmt.Errorf("%s, %s, %s: %w", j.workload.name, j.guarantee, j.system.name, err)
				say("%v", err)
				failed = errors.Join(failed, err)
			}
			for _, r := range results {
				say("round %d: %s", round+1, &r)
			}
			runs = append(runs, results...)
		}
	}
	return runs, failed
}

// job is one run.
type job struct {
	workload  workload
	guarantee string
	system    system
}

// jobs are the runs of a round, in order. A system without the guarantee that
// is asked for runs with the one it has, once.
func jobs(o options, systems []system) []job {
	var list []job
	for _, name := range o.workloads {
		w := workloads[name]
		seen := map[[2]string]bool{}
		systems := systems
		if w.systems != nil {
			systems = w.systems(systems)
		}
		for _, guarantee := range o.guarantees {
			for _, s := range systems {
				id := [2]string{s.name, s.offered(guarantee)}
				if seen[id] || w.needs != nil && !w.needs(s) {
					continue
				}
				seen[id] = true
				list = append(list, job{w, id[1], s})
			}
		}
	}
	return list
}
