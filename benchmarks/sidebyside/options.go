package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-io/millrace/benchmarks/internal/program"
)

// options are the flags.
type options struct {
	records    int64
	keys       int64
	partitions int32
	rounds     int
	workloads  []string
	systems    []string
	guarantees []string
	rates      []string
	seconds    int
	brokers    string
	dir        string
	json, svg  string
	profiles   string
	pgo        string
	java       string
}

func parseOptions(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("sidebyside", flag.ContinueOnError)
	list := func(into *[]string, name, value, usage string) {
		*into = strings.Split(value, ",")
		f.Func(name, usage+" (default "+value+")", func(s string) error {
			*into = strings.Split(s, ",")
			return nil
		})
	}
	var partitions int
	f.Int64Var(&o.records, "records", 3_000_000, "records of the input; restore reads 4/3 of that")
	f.Int64Var(&o.keys, "keys", 100_000, "keys of the input; count-10m has 100 times as many")
	f.IntVar(&partitions, "partitions", 4, "partitions of every topic")
	f.IntVar(&o.rounds, "rounds", 1, "rounds; what is shown is the median over them")
	list(&o.workloads, "workloads", "pass,count,restore,latency", strings.Join(slices.Sorted(maps.Keys(workloads)), ", "))
	list(&o.systems, "systems", "millrace,kafka-streams,goka,franz-go", strings.Join(slices.Sorted(maps.Keys(programs)), ", ")+
		"; name@5ms is the system with that commit interval instead of its own, name@threads=1 with that number of them instead of its own (millrace, kafka-streams), "+
		"which are 2ms and 1 for the latency of millrace; name@GOGC=50 is the system with that variable in its environment")
	list(&o.guarantees, "guarantee", program.ExactlyOnce, "exactly-once, at-least-once")
	list(&o.rates, "rates", "5000,50000", "records per second at which latency is measured")
	f.IntVar(&o.seconds, "seconds", 30, "length of a latency run; its first third warms up")
	f.StringVar(&o.brokers, "brokers", "", "addresses of a Kafka, host:port,...; \"embedded\" for the broker of this module, to try things out; empty starts an Apache Kafka")
	f.StringVar(&o.dir, "dir", "", "folder for state and for the broker's data; empty for a temporary one")
	f.StringVar(&o.json, "json", "", "file for the results as JSON")
	f.StringVar(&o.svg, "svg", "", "file for the results as a picture")
	f.StringVar(&o.profiles, "profiles", "", "folder for profiles of processor time, one per run of a Go program")
	f.StringVar(&o.pgo, "pgo", ownProfile, "profile that the Go programs are built with: own is the one in the folder of each, off none; or a file, such as one of those of -profiles or several merged")
	f.StringVar(&o.java, "java-options", "-Xmx1g", "options of the Java machine that runs Kafka Streams")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.partitions = int32(partitions)
	return o, o.check(f.Args())
}

func (o options) check(rest []string) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(rest) > 0 {
		bad("unexpected argument %q", rest[0])
	}
	if o.records < 1 || o.keys < 1 || o.partitions < 1 || o.rounds < 1 || o.seconds < 1 {
		bad("-records, -keys, -partitions, -rounds and -seconds are at least 1")
	}
	for _, w := range o.workloads {
		if _, ok := workloads[w]; !ok {
			bad("-workloads %s: there is no such workload", w)
		}
	}
	for _, name := range o.systems {
		if _, err := systemOf(name); err != nil {
			errs = append(errs, err)
		}
	}
	for _, g := range o.guarantees {
		if g != program.ExactlyOnce && g != program.AtLeastOnce {
			bad("-guarantee %s: it is exactly-once or at-least-once", g)
		}
	}
	for _, r := range o.rates {
		if _, err := rateOf(r); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// rateOf is a rate in records per second.
func rateOf(s string) (int, error) {
	var n int
	if _, err := fmt.Sscanf(s, "%d", &n); err != nil || n < 1 || fmt.Sprint(n) != s {
		return 0, fmt.Errorf("-rates %s: records per second, at least 1", s)
	}
	return n, nil
}

// systemOf is the system of a name such as kafka-streams, kafka-streams@5ms,
// millrace@threads=1 or millrace@GOGC=50.
func systemOf(name string) (system, error) {
	base, setting, given := strings.Cut(name, "@")
	s, ok := programs[base]
	if !ok {
		return system{}, fmt.Errorf("-systems %s: there is no such system", name)
	}
	s.name, s.program = name, base
	threads, ofThreads := strings.CutPrefix(setting, "threads=")
	switch {
	case !given:
	case ofThreads:
		n, err := strconv.Atoi(threads)
		if err != nil || n < 1 || !s.threaded {
			return system{}, fmt.Errorf("-systems %s: a number of threads, at least 1, of millrace or kafka-streams", name)
		}
		s.threads = n
	case strings.Contains(setting, "="):
		s.env = setting
	default:
		d, err := time.ParseDuration(setting)
		if err = cmp.Or(err, whole(d)); err != nil {
			return system{}, fmt.Errorf("-systems %s: the commit interval: %w", name, err)
		}
		s.commit = d
	}
	return s, nil
}

// whole refuses what programs do not take: they are told milliseconds.
func whole(d time.Duration) error {
	if d < time.Millisecond || d%time.Millisecond != 0 {
		return errors.New("it is a number of milliseconds, such as 5ms")
	}
	return nil
}
