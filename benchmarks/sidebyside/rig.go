package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// rig is what all runs share.
type rig struct {
	options  options
	cluster  *cluster
	dir      string              // folder for state
	prefix   string              // of all topics and application ids
	commands map[string][]string // how to call a program
	loaded   map[string]string   // topic of an input, by its name
	runs     int
}

// input returns the topic of an input, which is written when it is first asked
// for.
func (g *rig) input(ctx context.Context, in input) (string, error) {
	if topic, ok := g.loaded[in.name]; ok {
		return topic, nil
	}
	topic := g.prefix + "-in-" + in.name
	if err := g.cluster.create(ctx, topic, nil); err != nil {
		return "", err
	}
	if err := preload(ctx, g.cluster, topic, in.records(g.options), in, in.numbers(g.options)); err != nil {
		return "", fmt.Errorf("write the input: %w", err)
	}
	g.loaded[in.name] = topic
	return topic, nil
}

// spec says what a run is to do.
type spec struct {
	system    system
	guarantee string
	topology  string // program.Pass, program.Count, ...
	in        string // topic
	right     string // topic, of a join
	app       string // application id, of name
}

// name is an application id that no other run has. All topics of a run begin
// with it and a hyphen, and topics cannot have all that the name of a system has.
func (g *rig) name(s system, workload string) string {
	g.runs++
	return fmt.Sprintf("%s-%d-%s-%s", g.prefix, g.runs, notInTopics.ReplaceAllString(s.name, "."), workload)
}

var notInTopics = regexp.MustCompile(`[^a-zA-Z0-9._-]`)

// run is a program at work, with its topics and its state.
type run struct {
	spec
	*child
	out   string // topic
	state string // folder
	rig   *rig
}

// start makes the output topic and starts the program.
func (g *rig) start(ctx context.Context, s spec) (*run, error) {
	r := &run{spec: s, out: s.app + "-out", state: filepath.Join(g.dir, s.app), rig: g}
	if err := g.cluster.create(ctx, r.out, appendTime); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(r.state, 0o755); err != nil {
		return nil, err
	}
	var err error
	r.child, err = startChild(r.command(), r.system.env)
	return r, err
}

func (r *run) command() []string {
	command := append([]string{}, r.rig.commands[r.system.program]...)
	command = append(command, "-brokers", strings.Join(r.rig.cluster.Addrs, ","), "-app", r.app, "-topology", r.topology,
		"-in", r.in, "-out", r.out, "-state", r.state, "-guarantee", r.guarantee)
	if r.right != "" {
		command = append(command, "-right", r.right)
	}
	if d := r.system.commit; d > 0 {
		command = append(command, "-commit", fmt.Sprintf("%dms", d.Milliseconds()))
	}
	if n := r.system.threads; n > 0 {
		command = append(command, "-threads", strconv.Itoa(n))
	}
	if dir := r.rig.options.profiles; dir != "" && r.system.profiles {
		name := strings.TrimPrefix(r.app, r.rig.prefix+"-") + "-" + r.guarantee + ".prof"
		command = append(command, "-cpuprofile", filepath.Join(dir, name))
	}
	return command
}

// clean ends the program if it still runs, and deletes its topics and state.
func (r *run) clean(ctx context.Context) error {
	r.kill()
	return errors.Join(r.rig.cluster.Remove(context.WithoutCancel(ctx), r.app+"-"), os.RemoveAll(r.state))
}
