package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/benchmarks/internal/kafka"
)

// register adds a system for one test.
func register(t *testing.T, name string, build func(context.Context, *builder) ([]string, error)) {
	programs[name] = system{guarantees: both, build: build}
	t.Cleanup(func() { delete(programs, name) })
}

func TestWhatCannotRunHereIsSaidAndLeftOut(t *testing.T) {
	register(t, "fine", func(context.Context, *builder) ([]string, error) { return []string{"a", "b"}, nil })
	register(t, "lame", func(context.Context, *builder) ([]string, error) { return nil, errors.New("no Java") })
	var said []string
	say := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	b := &builder{dir: t.TempDir()}
	systems, commands, err := buildAll(t.Context(), b, []string{"lame", "fine", "fine@5ms"}, say)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"lame cannot run here: no Java"}, said); diff != "" {
		t.Error(diff)
	}
	want := map[string][]string{"fine": {"a", "b"}}
	if diff := cmp.Diff(want, commands); diff != "" || len(systems) != 2 {
		t.Errorf("%s, %d systems", diff, len(systems))
	}
	if _, _, err := buildAll(t.Context(), b, []string{"lame"}, say); err == nil {
		t.Error("nothing can run, and nobody says so")
	}
}

func TestCommandOfARun(t *testing.T) {
	g := &rig{cluster: &cluster{Cluster: &kafka.Cluster{Addrs: []string{"a:1", "b:2"}}}, prefix: "bench",
		commands: map[string][]string{"millrace": {"program", "-x"}}, options: options{profiles: "profiles"}}
	s, err := systemOf("millrace@5ms")
	if err != nil {
		t.Fatal(err)
	}
	s.threads = 3
	r := &run{spec: spec{system: s, guarantee: "exactly-once", topology: "count", in: "in", app: g.name(s, "count")}, out: "out", state: "state", rig: g}
	command := r.command()
	want := []string{"program", "-x", "-brokers", "a:1,b:2", "-app", "bench-1-millrace.5ms-count", "-topology", "count",
		"-in", "in", "-out", "out", "-state", "state", "-guarantee", "exactly-once", "-commit", "5ms", "-threads", "3",
		"-cpuprofile", filepath.Join("profiles", "1-millrace.5ms-count-exactly-once.prof")}
	if diff := cmp.Diff(want, command); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(g.commands["millrace"], []string{"program", "-x"}) {
		t.Error("the command of the system has grown")
	}
}
