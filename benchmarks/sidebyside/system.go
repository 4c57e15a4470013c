package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/millrace-io/millrace/benchmarks/internal/program"
)

// system is a program under measurement.
type system struct {
	name       string
	program    string        // what runs: the name, without what is behind the @
	commit     time.Duration // commit interval; 0 is the system's own default
	threads    int           // that process records; 0 is the system's own default
	env        string        // a variable of the environment, NAME=value; "" for none
	quick      quickness
	guarantees []string // what it offers
	changelog  string   // topic of the counts, with %s for the application id; "" without
	profiles   bool     // knows -cpuprofile
	windows    bool     // has windows of event time
	threaded   bool     // takes a number of threads
	build      func(ctx context.Context, b *builder) ([]string, error)
}

const module = "github.com/millrace-io/millrace"

var both = []string{program.ExactlyOnce, program.AtLeastOnce}

// programs are the systems that are known, by name.
var programs = map[string]system{
	"millrace": {
		quick: isQuick, guarantees: both, changelog: "%s-counts-changelog", profiles: true, windows: true, threaded: true,
		build: func(ctx context.Context, b *builder) ([]string, error) {
			return b.goProgram(ctx, "millrace")
		},
	},
	"franz-go": {
		guarantees: both, profiles: true,
		build: func(ctx context.Context, b *builder) ([]string, error) {
			return b.goProgram(ctx, "franzgo")
		},
	},
	"goka": {
		guarantees: both[1:], changelog: "%s-table",
		build: func(ctx context.Context, b *builder) ([]string, error) {
			return b.goProgram(ctx, "goka")
		},
	},
	"kafka-streams": {
		quick: alsoQuick, guarantees: both, changelog: "%s-counts-changelog", windows: true, threaded: true,
		build: func(ctx context.Context, b *builder) ([]string, error) {
			return b.javaProgram(ctx, "kafkastreams", "io.millrace.benchmarks.Main")
		},
	},
}

// offered is the guarantee under which a system runs when one is asked for:
// that one, or the only one it has.
func (s system) offered(guarantee string) string {
	if slices.Contains(s.guarantees, guarantee) {
		return guarantee
	}
	return s.guarantees[0]
}

// buildAll builds the programs of systems and returns how to call each. What
// cannot be built here is said and left out; that nothing is left is an error.
func buildAll(ctx context.Context, b *builder, names []string, say func(string, ...any)) ([]system, map[string][]string, error) {
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return nil, nil, err
	}
	var systems []system
	commands := map[string][]string{}
	for _, name := range names {
		s, err := systemOf(name)
		if err != nil {
			return nil, nil, err
		}
		if commands[s.program] == nil {
			command, err := s.build(ctx, b)
			if err != nil {
				say("%s cannot run here: %v", name, err)
				continue
			}
			commands[s.program] = command
		}
		systems = append(systems, s)
	}
	if len(systems) == 0 {
		return nil, nil, errors.New("none of the systems can run here")
	}
	return systems, commands, nil
}
