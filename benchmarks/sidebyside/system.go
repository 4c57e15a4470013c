package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/millrace-io/millrace/benchmarks/internal/program"
)

// system is a program under measurement.
type system struct {
	name       string
	commit     time.Duration // commit interval; 0 is the system's own default
	guarantees []string      // what it offers
	topologies []string      // what it has in common with the others
	durable    bool          // has changelogs, and so something to restore
	changelog  string        // topic of the counts, with %s for the application id
	profiles   bool          // knows -cpuprofile
	build      func(ctx context.Context, b *builder) ([]string, error)
}

const module = "github.com/millrace-io/millrace"

var both = []string{program.ExactlyOnce, program.AtLeastOnce}

// programs are the systems that are known, by name.
var programs = map[string]system{
	"millrace": {
		guarantees: both, durable: true, changelog: "%s-counts-changelog", profiles: true,
		build: func(ctx context.Context, b *builder) ([]string, error) {
			return b.goProgram(ctx, "", module+"/benchmarks/millrace")
		},
	},
	"franz-go": {
		guarantees: both, profiles: true,
		build: func(ctx context.Context, b *builder) ([]string, error) {
			return b.goProgram(ctx, "", module+"/benchmarks/franzgo")
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

// builder makes programs from their sources in this module.
type builder struct {
	dir  string // where programs go
	java string // options of the Java machine
}

// goProgram builds a Go program. Folder is the one of a module of its own below
// benchmarks, "" for this module.
func (b *builder) goProgram(ctx context.Context, folder, pkg string) ([]string, error) {
	out := filepath.Join(b.dir, "program-"+filepath.Base(pkg)+folder+".exe")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", out, pkg)
	if folder != "" {
		src, err := sources(ctx)
		if err != nil {
			return nil, err
		}
		cmd.Dir = filepath.Join(src, folder)
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build %s: %w\n%s", pkg, err, text)
	}
	return []string{out}, nil
}

// sources is the folder of the benchmarks.
func sources(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("go list -m %s: %w: run the benchmark inside of its module", module, err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "benchmarks"), nil
}

// buildAll builds the systems and returns how to call each. What cannot be
// built here is said and left out; that nothing is left is an error.
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
		command, err := s.build(ctx, b)
		if err != nil {
			say("%s cannot run here: %v", name, err)
			continue
		}
		commands[name] = command
		systems = append(systems, s)
	}
	if len(systems) == 0 {
		return nil, nil, errors.New("none of the systems can run here")
	}
	return systems, commands, nil
}
