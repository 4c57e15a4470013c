package program

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// The topologies that programs know.
const (
	Pass  = "pass"  // filter, which drops nothing, and a map of values
	Count = "count" // count by key; counts are 8 bytes, big endian

	// Counts by key in windows, of which every update is written; the key of an
	// output ends with the window's start, 8 bytes, big endian.
	Window  = "window"         // tumbling, WindowSize
	Hopping = "window-hopping" // each record is in Overlap windows of WindowSize
	Close   = "window-close"   // as Window, but a count is written once, when its window has closed

	// The inner join of the inputs In and Right: each record with those of the
	// other one that have its key and are at most JoinWithin before or after it.
	// The result is the value of In.
	Join = "join"
)

// Windows are the same for all systems: see Window, Hopping, Close and Join.
const (
	WindowSize  = 10 * time.Second
	WindowGrace = time.Second
	Overlap     = 10

	JoinWithin = time.Second
)

var topologies = []string{Pass, Count, Window, Hopping, Close, Join}

// The spellings of -guarantee.
const (
	ExactlyOnce = "exactly-once"
	AtLeastOnce = "at-least-once"
)

// Program is one run of a system: what the driver asks for.
type Program struct {
	Brokers   []string      // addresses, host:port
	App       string        // application id; also the consumer group
	Topology  string        // Pass, Count, ...
	In, Out   string        // topics; both exist
	Right     string        // topic, of Join
	State     string        // folder for state; empty at first
	Guarantee string        // ExactlyOnce or AtLeastOnce
	Commit    time.Duration // commit interval; 0 is the system's own default
	Threads   int           // that process records; 0 is the system's own default

	profile string
	events  io.Writer
	began   atomic.Bool
}

// Main reads the flags and runs until SIGTERM or an interrupt ends ctx. It does
// not return.
func Main(run func(ctx context.Context, p *Program) error) {
	p, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if err := p.run(run); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (p *Program) run(run func(context.Context, *Program) error) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if p.profile == "" {
		return run(ctx, p)
	}
	f, err := os.Create(p.profile)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	err = run(ctx, p)
	pprof.StopCPUProfile()
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// Processing tells the driver, once, that the first record is being processed.
// It is cheap enough to be called for every record.
func (p *Program) Processing() {
	if !p.began.Load() && p.began.CompareAndSwap(false, true) {
		fmt.Fprintf(p.events, "{\"event\":\"processing\",\"unix_ms\":%d}\n", time.Now().UnixMilli())
	}
}

func parse(args []string) (*Program, error) {
	p := &Program{events: os.Stdout}
	var brokers string
	f := flag.NewFlagSet("program", flag.ContinueOnError)
	f.StringVar(&brokers, "brokers", "localhost:9092", "addresses of Kafka brokers, host:port,...")
	f.StringVar(&p.App, "app", "benchmark", "application id and consumer group")
	f.StringVar(&p.Topology, "topology", Pass, strings.Join(topologies, ", "))
	f.StringVar(&p.In, "in", "in", "input topic")
	f.StringVar(&p.Right, "right", "right", "second input topic of a join")
	f.StringVar(&p.Out, "out", "out", "output topic")
	f.StringVar(&p.State, "state", "", "folder for state")
	f.StringVar(&p.Guarantee, "guarantee", ExactlyOnce, "exactly-once or at-least-once")
	f.DurationVar(&p.Commit, "commit", 0, "commit interval; 0 is the default of the system")
	f.IntVar(&p.Threads, "threads", 0, "threads that process records; 0 is the default of the system")
	f.StringVar(&p.profile, "cpuprofile", "", "file for a profile of processor time")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	p.Brokers = strings.Split(brokers, ",")
	if !slices.Contains(topologies, p.Topology) {
		return nil, fmt.Errorf("-topology %s: it is one of %s", p.Topology, strings.Join(topologies, ", "))
	}
	if p.Guarantee != ExactlyOnce && p.Guarantee != AtLeastOnce {
		return nil, fmt.Errorf("-guarantee %s: it is exactly-once or at-least-once", p.Guarantee)
	}
	return p, nil
}
