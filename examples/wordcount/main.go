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
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/embedded"
)

func main() {
	o, err := parseOptions()
	if err != nil {
		fmt.Fprintln(os.Stderr, "wordcount:", err)
		os.Exit(2)
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "wordcount:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	ctx, again := interrupts()
	if o.brokers == "" {
		broker, err := startBroker(o)
		if err != nil {
			return err
		}
		defer func() { _ = broker.Close() }()
		o.brokers = strings.Join(broker.Addrs(), ",")
		fmt.Fprintln(os.Stderr, "embedded broker on", o.brokers)
	}
	if o.once {
		return once(ctx, again, o)
	}
	return serve(ctx, again, o)
}

// interrupts returns a context that ends with the first interrupt, and a
// channel that is closed by the second. A third one ends the process.
func interrupts() (context.Context, <-chan struct{}) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, stop := context.WithCancel(context.Background())
	again := make(chan struct{})
	go func() {
		<-signals
		stop()
		<-signals
		close(again)
		signal.Stop(signals)
	}()
	return ctx, again
}

// startBroker starts a broker in the process. With a state folder its topics
// are kept there too: state without the topics it came from is worth nothing.
func startBroker(o options) (*embedded.Broker, error) {
	var cfg embedded.Config
	if o.state != "" && !o.once {
		cfg.Dir = filepath.Join(o.state, "broker")
	}
	return embedded.Start(cfg)
}

// serve counts until it is interrupted.
func serve(ctx context.Context, again <-chan struct{}, o options) error {
	start := time.Now()
	registry := prometheus.NewRegistry()
	cfg := o.config()
	cfg.Registerer = registry
	app, err := millrace.New(wordCount(o.in, o.out), cfg)
	if err != nil {
		return err
	}
	stopHTTP, err := serveHTTP(o.http, app, registry)
	if err != nil {
		return err
	}
	defer stopHTTP()
	if err := createTopics(ctx, o); err != nil {
		return err
	}
	abortOn(again, app)

	side, cancel := context.WithCancel(ctx)
	var sides sync.WaitGroup
	if o.feed {
		sides.Go(func() { report("feed", feed(side, o)) })
		sides.Go(func() { report("print", printCounts(side, o, start)) })
	}
	err = app.Run(ctx)
	cancel()
	sides.Wait()
	closingLine(app, err, time.Since(start))
	return err
}

// abortOn makes a second interrupt not wait for the last commit.
func abortOn(again <-chan struct{}, app *millrace.App) {
	go func() {
		select {
		case <-again:
			app.Abort()
		case <-app.Done():
		}
	}()
}

// closingLine says what the app did, and how it ended.
func closingLine(app *millrace.App, err error, took time.Duration) {
	how := "stopped cleanly"
	switch {
	case err != nil:
		how = "failed"
	case app.Aborted():
		how = "aborted"
	}
	t := app.Totals()
	fmt.Fprintf(os.Stderr, "wordcount: %s after %s: %d records in %d commits, %d aborted, %d restored\n",
		how, took.Round(time.Millisecond), t.Records, t.Commits, t.Aborts, t.Restored)
}

// report prints an error of what goes on beside the app.
func report(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(os.Stderr, "wordcount: %s: %v\n", what, err)
	}
}
