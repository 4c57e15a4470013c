package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// rule forbids the mention of names of other packages ("time.Now"; "fmt.Print*"
// is every name that begins so), of a method ("*.Skip") or of a built-in
// function ("panic").
type rule struct {
	name       string
	names      []string
	in         func(source) bool
	why        string
	exceptions map[string]string // file -> reason
}

var rules = []rule{
	{
		name:  "time is an argument",
		names: []string{"time.Now", "time.Sleep", "time.Since", "time.Until", "time.After*", "time.NewTimer", "time.NewTicker", "time.Tick"},
		in: func(s source) bool {
			return !s.test && (under(s.dir(), "internal/task", "internal/store", "internal/graph", "topology") || s.dir() == "state")
		},
		why: "a task, its operators and its stores get the time as an argument",
		exceptions: map[string]string{
			"state/memory.go":       "Stored.LastUsed is wall time by contract",
			"state/memory_store.go": "Stored.LastUsed is wall time by contract",
		},
	}, {
		name:  "libraries do not print",
		names: []string{"fmt.Print*", "os.Stdout", "print", "println"},
		in:    func(s source) bool { return !s.test && !program(s) },
		why:   "a library returns errors and logs through a *slog.Logger that it is given",
		exceptions: map[string]string{
			"examples/internal/demo/demo.go":         "it is the main function of the examples",
			"benchmarks/internal/program/program.go": "it is the main function of the programs under measurement",
			"topology/print.go":                      "the default of an operator whose work it is",
		},
	}, {
		name: "nothing is registered globally",
		names: []string{
			"github.com/prometheus/client_golang/prometheus.Default*", "github.com/prometheus/client_golang/prometheus.*Register",
			"net/http.Handle", "net/http.HandleFunc", "net/http.DefaultServeMux", "log/slog.SetDefault",
		},
		in:  func(s source) bool { return !s.test },
		why: "two applications in a process must not meet: take the registry as an argument",
	}, {
		name:  "libraries do not exit",
		names: []string{"os.Exit"},
		in:    func(s source) bool { return !forTests(s) && !program(s) },
		why:   "a library returns errors",
		exceptions: map[string]string{
			"examples/internal/demo/demo.go":         "it is the main function of the examples",
			"benchmarks/internal/program/program.go": "it is the main function of the programs under measurement",
		},
	}, {
		name:  "no panics",
		names: []string{"panic"},
		in:    func(s source) bool { return !s.test },
		why:   "return an error, or list the broken promise here",
		exceptions: map[string]string{
			"serde/json.go":                  "an option that does not exist: a mistake in the program, found at its start",
			"streamstest/tb.go":              "stands in for a test that fails, where there is none",
			"topology/child.go":              "a child opened where its processor is not made: caught there, as for stores",
			"topology/global.go":             "a global table opened where its processor is not attached: caught there, as for stores",
			"topology/store.go":              "a store opened where its processor is not attached: found when the task is made, and caught there",
			"internal/task/settle.go":        "transactions settled or applied out of order: going on would corrupt state",
			"internal/task/task.go":          "a record of a topic that the task does not read: going on would corrupt state",
			"internal/kafkatest/security.go": "a mistake in a test",
		},
	}, {
		name:  "tests do not skip",
		names: []string{"*.Skip", "*.Skipf", "*.SkipNow"},
		in:    func(s source) bool { return forTests(s) && !under(s.dir(), "internal/kafkatest") },
		why:   "a test that does not run proves nothing, and nobody looks: only internal/kafkatest may skip",
		exceptions: map[string]string{
			"internal/chaos/broker_test.go": "takes minutes; part of the full size that docs/developing.md names",
			"serde/time_test.go":            "a machine may lack the data base of time zones",
			"state/lsm/folder_test.go":      "Windows has no permission bits",
			"state/lsm/lock_test.go":        "Windows needs a privilege for symbolic links",
			"state/statetest/durable.go":    "a conformance suite: a backend in memory has nothing to reopen",
		},
	}, {
		name:  "tests do not sleep",
		names: []string{"time.Sleep"},
		in:    func(s source) bool { return forTests(s) && !imports(s, "testing/synctest") },
		why:   "wait for a condition, or sleep in virtual time with testing/synctest",
		exceptions: map[string]string{
			"embedded/kill_test.go":             "the time between two kills is what the test varies",
			"internal/chaos/run_test.go":        "the time between two blows is what the test varies",
			"internal/chaos/term_unix_test.go":  "how long a copy is frozen is what the test is about",
			"internal/runtime/pressure_test.go": "an operator that is slow is what the test is about",
			"internal/runtime/network_test.go":  "readiness must stay away for a span of time",
			"internal/kafkatest/wait.go":        "how a test waits for a condition",
			"internal/kafkatest/proxy.go":       "the delay that a proxy is asked for",
		},
	},
}

func TestForbiddenCalls(t *testing.T) {
	for _, r := range rules {
		t.Run(strings.ReplaceAll(r.name, " ", "_"), func(t *testing.T) {
			var found []finding
			for _, s := range sources(t) {
				if r.in(s) {
					found = append(found, r.check(s)...)
				}
			}
			report(t, found, r.exceptions)
		})
	}
}

func (r rule) check(s source) []finding {
	var found []finding
	add := func(pos token.Pos, name string) {
		if slices.ContainsFunc(r.names, func(p string) bool { return matches(p, name) }) {
			found = append(found, s.at(pos, "%s: %s", name, r.why))
		}
	}
	s.uses(add)
	ast.Inspect(s.File, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch fn := call.Fun.(type) {
		case *ast.Ident: // Obj is set if this file declares the name itself
			if fn.Obj == nil {
				add(fn.Pos(), fn.Name)
			}
		case *ast.SelectorExpr:
			if methods := "*." + fn.Sel.Name; slices.Contains(r.names, methods) {
				add(fn.Pos(), methods)
			}
		}
		return true
	})
	return found
}

// matches is path.Match on the name behind the import path.
func matches(pattern, name string) bool {
	if path.Dir(pattern) != path.Dir(name) {
		return false
	}
	ok, err := path.Match(path.Base(pattern), path.Base(name))
	if err != nil {
		panic(fmt.Sprintf("pattern %q: %v", pattern, err))
	}
	return ok
}

// program reports whether a file is part of a program, which may print.
func program(s source) bool { return s.Name.Name == "main" }

func imports(s source, p string) bool {
	return slices.ContainsFunc(s.Imports, func(spec *ast.ImportSpec) bool { return importPath(spec) == p })
}
