package demo

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/embedded"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/topology"
)

// Example is one example's subject.
type Example struct {
	// Config is the application's configuration. Brokers and State come from
	// the flags.
	Config millrace.Config
	// Topology is the application.
	Topology *topology.Builder
	// Topics are the topics to make, with their partition counts.
	Topics map[string]int32
	// Input is written in this order; what a topic holds already is left out,
	// so that an interrupted run goes on where it was.
	Input []Record
	// Output names the topics that are printed.
	Output []string
	// Secure has the broker in the process ask for TLS and a password:
	// SASL_SSL, in Kafka's terms. For brokers elsewhere Config.Client says how
	// they are reached. Defaults to plaintext.
	Secure bool
}

// Record is a record as it is written. A nil key or value is a null.
type Record struct {
	Topic      string
	Partition  int32
	Key, Value []byte
	// Time is the record's timestamp. Defaults to now.
	Time time.Time
}

// Options say where and how an example runs.
type Options struct {
	// Brokers are addresses, host:port. Defaults to a broker in the process.
	Brokers []string
	// State is a folder for everything. Defaults to memory.
	State string
	// Follow goes on until the context ends.
	Follow bool
	// Pause is the time between two records of the input when following.
	Pause time.Duration
	// Out gets the output. Required.
	Out io.Writer
}

// Main runs an example with the options given as flags, until it ends or the
// process is interrupted. Flags of the example itself are parsed before build
// is called.
func Main(build func() (Example, error)) {
	o := Options{Out: os.Stdout}
	brokers := flag.String("brokers", "", "addresses of Kafka brokers, host:port,...; empty starts one in this process")
	flag.StringVar(&o.State, "state", "", "folder for state, and for the topics of the broker in this process; empty keeps both in memory")
	flag.BoolVar(&o.Follow, "follow", false, "go on until interrupted")
	flag.DurationVar(&o.Pause, "pause", 200*time.Millisecond, "time between two records of the input, with -follow")
	flag.Parse()
	if *brokers != "" {
		o.Brokers = strings.Split(*brokers, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	e, err := build()
	if err == nil {
		err = Run(ctx, e, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Run runs an example.
func Run(ctx context.Context, e Example, o Options) error {
	cfg := e.Config
	cfg.Brokers = o.Brokers
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	if o.State != "" {
		cfg.State = lsm.Dir(filepath.Join(o.State, "stores"))
	}
	if o.Brokers == nil {
		var bc embedded.Config
		if o.State != "" {
			bc.Dir = filepath.Join(o.State, "broker")
		}
		if e.Secure {
			client, err := secure(&bc)
			if err != nil {
				return err
			}
			cfg.Client = client
		}
		broker, err := embedded.Start(bc)
		if err != nil {
			return err
		}
		defer func() { _ = broker.Close() }()
		cfg.Brokers = broker.Addrs()
	}
	app, err := millrace.New(e.Topology, cfg)
	if err != nil {
		return err
	}
	k, err := connect(cfg)
	if err != nil {
		return err
	}
	defer k.close()
	if err := k.createTopics(ctx, e.Topics); err != nil {
		return err
	}
	if o.Follow {
		return follow(ctx, e, o, k, app)
	}
	if err := k.write(ctx, e.Input, 0); err != nil {
		return err
	}
	if err := app.RunUntilCaughtUp(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	return k.printAll(ctx, o.Out, e.Output)
}
