package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/millrace-io/millrace/benchmarks/internal/kafka"
)

func main() {
	if spec := os.Getenv(childEnv); spec != "" {
		os.Exit(child(spec))
	}
	o, err := parseOptions(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = growth(ctx, o, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

// growth measures, writes the tables to out and the file that is asked for, and
// what happens meanwhile to progress. Points that failed are an error at the
// end: what the others measured is shown all the same.
func growth(ctx context.Context, o options, out, progress io.Writer) error {
	say := func(format string, args ...any) { fmt.Fprintf(progress, format+"\n", args...) }
	dir, remove, err := kafka.Folder(o.dir, "growth")
	if err != nil {
		return err
	}
	defer remove()
	if o.profiles != "" {
		if err := os.MkdirAll(o.profiles, 0o755); err != nil {
			return err
		}
	}
	g := &rig{options: o, dir: dir, prefix: "growth" + strconv.FormatInt(time.Now().UnixMilli(), 36), inputs: map[input]string{}}
	broker := "no broker"
	if needBroker(o.only) {
		var addrs []string
		var stop func()
		if addrs, broker, stop, err = kafka.Start(ctx, o.brokers, dir); err != nil {
			return err
		}
		defer stop()
		if g.cluster, err = kafka.Connect(addrs); err != nil {
			return err
		}
		defer g.cluster.Close()
		defer func() { _ = g.cluster.Remove(context.WithoutCancel(ctx), g.prefix+"-") }()
	}
	fmt.Fprintf(out, "%s; %s\n", machine(), broker)
	var all []result
	var failed error
	for _, name := range o.only {
		s := known[name]
		results, err := g.series(ctx, s, say)
		failed = errors.Join(failed, err)
		if len(results) > 0 {
			all = append(all, results...)
			if err := writeTable(out, s, results); err != nil {
				return err
			}
		}
	}
	if o.json != "" {
		failed = errors.Join(failed, writeJSON(o.json, all))
	}
	return failed
}
