package corpus

import (
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/millrace-io/millrace/streamstest"
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
func (p Part) Matrix() string {
	for _, a := range p.Commands[0].Args {
		if a.Name == "matrix" && len(a.Values) > 0 {
			return a.Values[0]
		}
	}
	return ""
}

// Uses reports whether the part has one of the commands.
func (p Part) Uses(names ...string) bool {
	return slices.ContainsFunc(p.Commands, func(c Command) bool { return slices.Contains(names, c.Name) })
}

// Run runs the part on a driver in the given mode.
func (p Part) Run(t *testing.T, m streamstest.Mode) streamstest.Result {
	t.Helper()
	s := &streamstest.Script{TB: t, Topologies: Topologies, Mode: m}
	defer s.Close()
	for _, c := range p.Commands {
		s.Run(c.Name, c.Args, c.Input)
	}
	res, err := s.Result()
	if err != nil {
		t.Fatalf("%s: %v: the part needs matrix=off", p.Commands[0].At, err)
	}
	return res
}

// topology is the name of the topology that the part is about.
func (p Part) topology() string {
	for _, a := range p.Commands[0].Args {
		if a.Name == "topology" && len(a.Values) > 0 {
			return a.Values[0]
		}
	}
	return ""
}

// partitions is the partition count of the inputs, if the part says one.
func (p Part) partitions() int {
	for _, a := range p.Commands[0].Args {
		if a.Name == "partitions" && len(a.Values) > 0 {
			if n, err := strconv.Atoi(a.Values[0]); err == nil {
				return n
			}
		}
	}
	return 1
}
