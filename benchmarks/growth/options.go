package main

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
)

// options are the flags.
type options struct {
	only    []string
	at      []int64 // nil: the series' own
	records int64
	rounds  int
	seconds int
	brokers string
	dir     string
	json    string

	profiles string
}

func parseOptions(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("growth", flag.ContinueOnError)
	var only, at string
	f.StringVar(&only, "only", strings.Join(order, ","), "what to measure")
	f.StringVar(&at, "at", "", "points to measure at, instead of each series' own: -only keys -at 1000,50000")
	f.Int64Var(&o.records, "records", 2_000_000, "records at each point; stores get as many updates in all, restore and idle have sizes of their own")
	f.IntVar(&o.rounds, "rounds", 1, "rounds; what is shown is the median over them")
	f.IntVar(&o.seconds, "seconds", 20, "for how long an idle instance is watched")
	f.StringVar(&o.brokers, "brokers", "", "addresses of a Kafka, host:port,...; \"embedded\" for the broker of this module, to try things out; empty starts an Apache Kafka")
	f.StringVar(&o.dir, "dir", "", "folder for state and for the broker's data; empty for a temporary one")
	f.StringVar(&o.json, "json", "", "file for the results as JSON")
	f.StringVar(&o.profiles, "profiles", "", "folder for profiles of processor time, one per point")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if f.NArg() > 0 {
		bad("unexpected argument %q", f.Arg(0))
	}
	if o.records < 1 || o.rounds < 1 || o.seconds < 1 {
		bad("-records, -rounds and -seconds are at least 1")
	}
	o.only = strings.Split(only, ",")
	for _, name := range o.only {
		if known[name] == nil {
			bad("-only %s: it is one of %s", name, strings.Join(order, ", "))
		}
	}
	for s := range strings.SplitSeq(at, ",") {
		n, err := strconv.ParseInt(s, 10, 64)
		switch {
		case at == "":
		case err != nil || n < 1:
			bad("-at %s: a number, at least 1", s)
		default:
			o.at = append(o.at, n)
		}
	}
	return o, errors.Join(errs...)
}
