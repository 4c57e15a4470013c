package corpus

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// Part is a part of a script: a command app and those that follow.
type Part struct {
	Name     string // of the script
	Commands []Command
}

// Command is a command of a script.
type Command struct {
	Name  string
	Args  []streamstest.Arg
	Input string
	At    string // file:line
}

// Parts are the parts of all scripts.
func Parts(t *testing.T, dir string) (parts []Part) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts in %s: %v", dir, err)
	}
	for _, file := range files {
		datadriven.RunTest(t, file, func(_ *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "app" {
				parts = append(parts, Part{Name: filepath.Base(file)})
			}
			if len(parts) == 0 {
				t.Fatalf("%s: the first command must be app", d.Pos)
			}
			part := &parts[len(parts)-1]
			part.Commands = append(part.Commands, Command{d.Cmd, Arguments(d), d.Input, d.Pos})
			return d.Expected
		})
	}
	return parts
}

// Arguments are those of a command, as a Script takes them.
func Arguments(d *datadriven.TestData) (args []streamstest.Arg) {
	for _, a := range d.CmdArgs {
		args = append(args, streamstest.Arg{Name: a.Key, Values: a.Vals})
	}
	return args
}

// Has reports whether the command app has an argument.
func (p Part) Has(name string) bool {
	return slices.ContainsFunc(p.Commands[0].Args, func(a streamstest.Arg) bool { return a.Name == name })
}

// Matrix is the argument matrix of the command app: what other engines and
// modes must agree in.
//
//	""     stores, and the sequence of records of each key in each topic
//	set    the same without their order: equal keys come from several partitions
//	state  stores, and the last record of each key in each topic
//	off    nothing: the part is about something else
func (p Part) Matrix() string { return p.argument("matrix") }

// Uses reports whether the part has one of the commands.
func (p Part) Uses(names ...string) bool {
	return slices.ContainsFunc(p.Commands, func(c Command) bool { return slices.Contains(names, c.Name) })
}

// Run runs the part on a driver in the given mode.
func (p Part) Run(t *testing.T, m streamstest.Mode) streamstest.Result {
	t.Helper()
	_, steps := p.Play(t, m)
	return steps[len(steps)-1]
}

// Play is Run that tells what the application was started with, and what had
// come of it after each of the commands.
func (p Part) Play(t *testing.T, m streamstest.Mode) (cfg streamstest.Config, steps []streamstest.Result) {
	t.Helper()
	s := &streamstest.Script{TB: t, Topologies: Topologies, Printed: Printed, Mode: m}
	defer s.Close()
	for _, c := range p.Commands {
		s.Run(c.Name, c.Args, c.Input)
		res, err := s.Result()
		if err != nil {
			t.Fatalf("%s: %v: the part needs matrix=off", c.At, err)
		}
		steps = append(steps, res)
	}
	return s.Config(), steps
}

// Builder describes the topology that the part is about.
func (p Part) Builder() *topology.Builder { return Topologies[p.argument("topology")]() }

func (p Part) argument(name string) string { return p.Commands[0].argument(name) }

// argument is the value of an argument, "" if it was not given.
func (c Command) argument(name string) string {
	for _, a := range c.Args {
		if a.Name == name && len(a.Values) > 0 {
			return a.Values[0]
		}
	}
	return ""
}
