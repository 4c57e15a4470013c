// Millrace is the library's program in benchmarks/sidebyside: the settings are
// the library's defaults, with state on disk, and of a join what docs/joins.md
// recommends.
package main

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/benchmarks/internal/program"
	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

func main() { program.Main(run) }

// Of a join: joinGOGC lets garbage grow to a third of the rows that are held, and not
// to as much again; joinOutbox is for small transactions, since rows are written once
// however large these are.
const (
	joinGOGC   = 33
	joinOutbox = 16 << 20
)

func run(ctx context.Context, p *program.Program) error {
	cfg := config(p)
	if p.Topology == program.Join {
		cfg.Memory.Outbox = joinOutbox
		if os.Getenv("GOGC") == "" {
			debug.SetGCPercent(joinGOGC)
		}
	}
	app, err := millrace.New(build(p), cfg)
	if err != nil {
		return err
	}
	return app.Run(ctx)
}

func build(p *program.Program) *topology.Builder {
	b := topology.New()
	in := topology.Stream[string, string](b, p.In)
	switch p.Topology {
	case program.Join:
		began := func(string, string) { p.Processing() }
		right := topology.Stream[string, string](b, p.Right)
		window := joins.Within(program.JoinWithin).Grace(program.WindowGrace)
		joined := joins.Inner(in.Peek(began), right.Peek(began), "joined", window, func(_, left, _ string) string { return left })
		topology.To(joined, p.Out)
		return b
	case program.Pass:
		kept := in.Filter(func(_, v string) bool {
			p.Processing()
			return v[0] != '-'
		})
		mapped := topology.MapValues(kept, func(v string) string { return "+" + v[1:] })
		topology.To(mapped, p.Out)
		return b
	}
	group := topology.GroupByKey(in.Peek(func(string, string) { p.Processing() }))
	if p.Topology == program.Count {
		topology.To(topology.Count(group, "counts").ToStream(), p.Out, topology.Serdes(serde.String, serde.Int64))
		return b
	}
	windows, options := windowing.Tumbling(program.WindowSize), []topology.Option{}
	switch p.Topology {
	case program.Hopping:
		windows = windowing.Hopping(program.WindowSize, program.WindowSize/program.Overlap)
	case program.Close:
		options = append(options, windowing.EmitOnClose())
	}
	counts := windowing.Count(group, "counts", windows.Grace(program.WindowGrace), options...)
	topology.To(counts.ToStream(), p.Out, topology.ValueSerde(serde.Int64))
	return b
}

func config(p *program.Program) millrace.Config {
	cfg := millrace.Config{
		AppID:          p.App,
		Brokers:        p.Brokers,
		Client:         []kgo.Opt{kgo.ProducerBatchCompression(kgo.NoCompression())},
		CommitInterval: p.Commit,
		Workers:        p.Threads,
		Logger:         slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if p.Guarantee == program.AtLeastOnce {
		cfg.Guarantee = millrace.AtLeastOnce
	}
	if p.State != "" {
		cfg.State = lsm.Dir(p.State)
	}
	return cfg
}
