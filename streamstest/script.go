package streamstest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// Script runs text scripts: files of commands and of the output expected of
// them, which read as documentation. Package datadriven parses such files and
// rewrites their outputs:
//
//	app topology=word-count
//	----
//
//	in lines
//	- "to be or not to be" @0:07
//	----
//	out totals  to   1  @0:07
//	out totals  be   1  @0:07
//	...
//
// The commands are app, describe, in, advance, commit, out, state, changelog,
// metrics, status, log, printed, crash, restart, rebalance, fault and
// _breakpoint; each is explained in the file cmd_<name>.go. All that a command
// changes is shown by it: records that were written since the command before,
// and the error that ended the application if there is one.
//
// The zero value with Topologies is ready. A Script is for one file.
type Script struct {
	// TB is the test that runs the script. Defaults to panics.
	TB TB
	// Topologies are what the command app can start, by name. Required.
	Topologies map[string]func() *topology.Builder
	// Printed, if set, returns what the topology that a function of Topologies
	// has made has written elsewhere than to topics, since it was last asked.
	// Defaults to nothing.
	Printed func(*topology.Builder) string
	// Mode is how the application runs if the script does not say so itself.
	// Defaults to one instance in memory that commits after each record.
	Mode Mode

	d       *Driver
	built   *topology.Builder // what d runs
	unread  map[string]int    // place in the log of each topic that is shown
	handled []string          // errors that a policy has settled
	piped   []Piped
	plan    crashPlan
}

// Run runs one command and returns its output, which ends with a newline if
// there is any. What is wrong with the command is part of it.
func (s *Script) Run(name string, args []Arg, input string) string {
	cmd, ok := commands[name]
	if !ok {
		return fmt.Sprintf("there is no command %s\n", name)
	}
	for _, a := range args {
		if !slices.Contains(cmd.args, a.Name) && !slices.Contains(cmd.args, "*") {
			return fmt.Sprintf("%s has no argument %s, it has %s\n", name, a.Name, strings.Join(cmd.args, ", "))
		}
	}
	if s.d == nil && name != "app" {
		return "the first command must be app\n"
	}
	var out strings.Builder
	if err := cmd.run(s, call{args, input, &out}); err != nil {
		fmt.Fprintf(&out, "error: %v\n", err)
	}
	return out.String()
}

// Close stops the application. The test does it at its end as well.
func (s *Script) Close() {
	if s.d != nil {
		s.d.Close()
	}
}

// Config is what the last command app has asked for, with its defaults.
func (s *Script) Config() Config { return s.d.cfg }

// Arg is an argument of a command: name, or name=value.
type Arg struct {
	Name   string
	Values []string
}

// command is one command of the language.
type command struct {
	args []string // the names it knows; "*" is any
	run  func(*Script, call) error
}

// commands is filled by the files of the commands.
var commands = map[string]command{
	"app":         {[]string{"topology", "partitions", "instances", "guarantee", "commit", "errors", "dead-letters", "matrix"}, cmdApp},
	"describe":    {nil, cmdDescribe},
	"in":          {[]string{"*"}, cmdIn},
	"advance":     {[]string{"*"}, cmdAdvance},
	"commit":      {nil, cmdCommit},
	"out":         {[]string{"*"}, cmdOut},
	"state":       {[]string{"*"}, cmdState},
	"changelog":   {[]string{"*"}, cmdChangelog},
	"metrics":     {nil, cmdMetrics},
	"status":      {nil, cmdStatus},
	"log":         {nil, cmdLog},
	"printed":     {nil, cmdPrinted},
	"crash":       {[]string{"at", "instance"}, cmdCrash},
	"restart":     {nil, cmdRestart},
	"rebalance":   {[]string{"n"}, cmdRebalance},
	"fault":       {[]string{"times", "*"}, cmdFault},
	"_breakpoint": {nil, cmdBreakpoint},
}

// call is one use of a command.
type call struct {
	args  []Arg
	input string
	out   *strings.Builder
}

// value is the value of an argument, "" if it was not given.
func (c call) value(name string) string {
	for _, a := range c.args {
		if a.Name == name && len(a.Values) > 0 {
			return a.Values[0]
		}
	}
	return ""
}

// word is the argument without a value that a command expects.
func (c call) word(what string) (string, error) {
	for _, a := range c.args {
		if len(a.Values) == 0 {
			return a.Name, nil
		}
	}
	return "", fmt.Errorf("which %s?", what)
}

func (c call) printf(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }

// act does something to the application and shows what came of it.
func (s *Script) act(c call, fn func()) error {
	failed := s.d.failed
	err := s.d.Try(fn)
	s.showNew(c)
	if err == failed { // it was shown
		return nil
	}
	return err
}

// Errors settled by a policy, for the command log.
func (s *Script) note(e *processor.Error, a processor.Action) {
	s.handled = append(s.handled, fmt.Sprintf("%s: %v", a, e))
}
