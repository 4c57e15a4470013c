// Wordcount counts words, exactly once.
//
// Without flags it starts a broker in the process, feeds it a text line by
// line and prints how often each word was seen so far. Interrupt it to stop;
// interrupt it twice to stop at once.
//
//	go run ./examples/wordcount
//	go run ./examples/wordcount -once < FILE
//	go run ./examples/wordcount -brokers localhost:9092 -state /var/lib/wordcount
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/embedded"
	"github.com/millrace-io/millrace/state/lsm"
)

type options struct {
	brokers    string
	app        string
	in, out    string
	partitions int
	state      string
	guarantee  string
	workers    int
	http       string
	feed       bool
	once       bool
	verbose    bool
	commit     time.Duration
	instance   string
	session    time.Duration
}

func parseOptions() options {
	var o options
	flag.StringVar(&o.brokers, "brokers", "", "addresses of Kafka brokers, host:port,...; empty starts one in this process")
	flag.StringVar(&o.app, "app", "wordcount", "application id")
	flag.StringVar(&o.in, "in", "lines", "topic of lines")
	flag.StringVar(&o.out, "out", "totals", "topic of counts: the word as key, its count as decimal text")
	flag.IntVar(&o.partitions, "partitions", 4, "partitions of topics that are missing")
	flag.StringVar(&o.state, "state", "", "folder for state; empty keeps it in memory")
	flag.StringVar(&o.guarantee, "guarantee", "exactly-once", "exactly-once or at-least-once")
	flag.IntVar(&o.workers, "workers", 0, "goroutines that process; 0 for one per processor")
	flag.StringVar(&o.http, "http", "127.0.0.1:0", "address of /metrics, /livez and /readyz; empty for none")
	flag.BoolVar(&o.feed, "feed", true, "write the example's text to the input topic, line by line")
	flag.BoolVar(&o.once, "once", false, "count the words of standard input, print them sorted and exit")
	flag.BoolVar(&o.verbose, "v", false, "log what the library does")
	flag.DurationVar(&o.commit, "commit", 0, "time between commits; 0 for the default")
	flag.StringVar(&o.instance, "instance", "", "instance id; empty for a stored or random one")
	flag.DurationVar(&o.session, "session", 0, "how long a copy may be silent until others take over its work; 0 for the default")
	flag.Parse()
	return o
}

func main() {
	o := parseOptions()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "wordcount:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.brokers == "" {
		broker, err := embedded.Start(embedded.Config{})
		if err != nil {
			return err
		}
		defer func() { _ = broker.Close() }()
		o.brokers = strings.Join(broker.Addrs(), ",")
		fmt.Fprintln(os.Stderr, "embedded broker on", o.brokers)
	}
	if o.once {
		return once(ctx, o)
	}
	return serve(ctx, o)
}

// config is the library's configuration that the flags stand for.
func (o options) config() (millrace.Config, error) {
	cfg := millrace.Config{
		AppID:          o.app,
		Brokers:        strings.Split(o.brokers, ","),
		Workers:        o.workers,
		CommitInterval: o.commit,
		InstanceID:     o.instance,
		SessionTimeout: o.session,
	}
	switch o.guarantee {
	case "exactly-once":
	case "at-least-once":
		cfg.Guarantee = millrace.AtLeastOnce
	default:
		return cfg, fmt.Errorf("-guarantee %s: it is exactly-once or at-least-once", o.guarantee)
	}
	if o.state != "" {
		cfg.State = lsm.Dir(o.state)
	}
	level := slog.LevelWarn
	if o.verbose {
		level = slog.LevelDebug
	}
	cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	return cfg, nil
}

// serve counts until it is interrupted.
func serve(ctx context.Context, o options) error {
	if err := createTopics(ctx, o); err != nil {
		return err
	}
	cfg, err := o.config()
	if err != nil {
		return err
	}
	var stopHTTP func()
	app, err := newApp(o, &cfg, &stopHTTP)
	if err != nil {
		return err
	}
	defer stopHTTP()

	// A second signal does not wait for the last commit.
	again := make(chan os.Signal, 1)
	go func() {
		<-ctx.Done()
		signal.Notify(again, os.Interrupt, syscall.SIGTERM)
		select {
		case <-again:
			app.Abort()
		case <-app.Done():
		}
	}()

	side, cancel := context.WithCancel(ctx)
	var sides sync.WaitGroup
	if o.feed {
		sides.Go(func() { report("feed", feed(side, o)) })
		sides.Go(func() { report("print", printCounts(side, o)) })
	}
	start := time.Now()
	err = app.Run(ctx)
	cancel()
	sides.Wait()
	t := app.Totals()
	how := "stopped cleanly"
	if err != nil {
		how = "failed"
	} else if app.Aborted() {
		how = "aborted"
	}
	fmt.Fprintf(os.Stderr, "wordcount: %s after %s: %d records in %d commits, %d aborted, %d restored\n",
		how, time.Since(start).Round(time.Millisecond), t.Records, t.Commits, t.Aborts, t.Restored)
	return err
}

func report(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(os.Stderr, "wordcount: %s: %v\n", what, err)
	}
}
