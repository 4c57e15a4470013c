package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/millrace-io/millrace"
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

// parseOptions reads the flags. It leaves to the library what the library
// checks itself.
func parseOptions() (options, error) {
	var o options
	flag.StringVar(&o.brokers, "brokers", "", "addresses of Kafka brokers, host:port,...; empty starts one in this process")
	flag.StringVar(&o.app, "app", "wordcount", "application id")
	flag.StringVar(&o.in, "in", "lines", "topic of lines")
	flag.StringVar(&o.out, "out", "totals", "topic of counts: the word as key, its count as decimal text")
	flag.IntVar(&o.partitions, "partitions", 4, "partitions of topics that are missing")
	flag.StringVar(&o.state, "state", "", "folder for state, and for the topics of the broker in this process; empty keeps both in memory")
	flag.StringVar(&o.guarantee, "guarantee", "exactly-once", "exactly-once or at-least-once")
	flag.IntVar(&o.workers, "workers", 0, "goroutines that process; 0 for one per processor")
	flag.StringVar(&o.http, "http", "127.0.0.1:0", "address of /metrics, /livez and /readyz; empty for none")
	flag.BoolVar(&o.feed, "feed", true, "write the example's text to the input topic and print its counts; false only processes what is in the topic")
	flag.BoolVar(&o.once, "once", false, "count the words of standard input, print them sorted and exit")
	flag.BoolVar(&o.verbose, "v", false, "log what the library does")
	flag.DurationVar(&o.commit, "commit", 0, "time between commits; 0 for the default")
	flag.StringVar(&o.instance, "instance", "", "instance id; empty for a stored or random one")
	flag.DurationVar(&o.session, "session", 0, "how long a copy may be silent until others take over its work; 0 for the default")
	flag.Parse()
	return o, o.check()
}

func (o options) check() error {
	var errs []error
	if flag.NArg() > 0 {
		errs = append(errs, fmt.Errorf("unexpected argument %q: the text to count comes by -once from standard input", flag.Arg(0)))
	}
	if _, err := o.level(); err != nil {
		errs = append(errs, err)
	}
	if o.partitions < 1 {
		errs = append(errs, fmt.Errorf("-partitions %d: a topic has at least one", o.partitions))
	}
	return errors.Join(errs...)
}

func (o options) level() (millrace.Guarantee, error) {
	switch o.guarantee {
	case "exactly-once":
		return millrace.ExactlyOnce, nil
	case "at-least-once":
		return millrace.AtLeastOnce, nil
	}
	return 0, fmt.Errorf("-guarantee %s: it is exactly-once or at-least-once", o.guarantee)
}

// config is the library's configuration that the flags stand for.
func (o options) config() millrace.Config {
	guarantee, _ := o.level() // checked with the flags
	level := slog.LevelWarn
	if o.verbose {
		level = slog.LevelDebug
	}
	cfg := millrace.Config{
		AppID:          o.app,
		Brokers:        strings.Split(o.brokers, ","),
		Guarantee:      guarantee,
		Workers:        o.workers,
		CommitInterval: o.commit,
		InstanceID:     o.instance,
		SessionTimeout: o.session,
		Logger:         slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}
	if o.state != "" {
		cfg.State = lsm.Dir(filepath.Join(o.state, "stores"))
	}
	return cfg
}
