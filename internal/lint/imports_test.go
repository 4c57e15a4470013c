package lint

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// arrows says what the packages of this module may import of each other,
// outside of tests. "..." stands for the folders below.
var arrows = map[string]string{
	".":                  "topology processor state status metrics internal/draw internal/graph internal/runtime",
	"topology":           "processor state serde status aggregate internal/draw internal/graph internal/store",
	"aggregate":          "serde",
	"windowing":          "topology processor state serde aggregate internal/graph internal/store",
	"joins":              "topology windowing processor state serde internal/graph internal/store",
	"processor":          "state serde",
	"state":              "serde",
	"state/lsm":          "state",
	"state/statetest":    "state",
	"serde":              "",
	"serde/serdetest":    "serde",
	"changelog":          "state metrics internal/graph",
	"metrics":            "",
	"status":             "",
	"streamstest":        "topology processor state serde status internal/graph internal/task",
	"embedded":           "internal/fakefetch",
	"examples/...":       ". topology windowing joins processor state state/lsm serde aggregate metrics status embedded examples/internal/demo",
	"benchmarks/...":     ". topology windowing joins processor state/lsm serde embedded internal/kafkatest benchmarks/internal/kafka benchmarks/internal/program",
	"benchmarks/growth":  ". topology processor state state/lsm internal/graph internal/task benchmarks/internal/kafka",
	"internal/draw":      "status",
	"internal/graph":     "processor state serde status",
	"internal/store":     "state serde",
	"internal/task":      "internal/graph internal/store processor state",
	"internal/runtime":   "internal/task internal/graph internal/store changelog processor state metrics status",
	"internal/kafkatest": "embedded internal/fakefetch",
	"internal/fakefetch": "",
	"internal/corpus":    "topology windowing joins processor state serde aggregate streamstest",
	"internal/chaos":     "",
	"internal/lint":      "",

	"internal/corpus/random": "",
}

// outside says which packages may import a module of others, outside of tests.
// What is not listed is imported by nobody. The longest prefix counts.
var outside = map[string]string{
	"github.com/twmb/franz-go":            ". internal/runtime changelog embedded internal/kafkatest internal/fakefetch examples/... benchmarks/...",
	"github.com/twmb/franz-go/pkg/kfake":  "embedded internal/kafkatest internal/fakefetch",
	"github.com/prometheus/client_golang": ". metrics examples/...",

	// It registers globally.
	"github.com/prometheus/client_golang/prometheus/promauto": "",

	"github.com/cockroachdb/pebble/v2":  "state/lsm",
	"github.com/tidwall/btree":          "state internal/store",
	"golang.org/x/sync":                 "changelog internal/runtime benchmarks/sidebyside",
	"golang.org/x/sys":                  "embedded state/lsm",
	"go.uber.org/goleak":                "internal/kafkatest",
	"github.com/cockroachdb/datadriven": "internal/corpus",
	"github.com/lovoo/goka":             "benchmarks/goka",
	"github.com/IBM/sarama":             "benchmarks/goka",
	"github.com/google/go-cmp":          "state/statetest serde/serdetest internal/corpus",
	"pgregory.net/rapid":                "state/statetest",

	// Of the standard library: testing adds flags to a program, and libraries
	// take a *slog.Logger.
	"testing": "internal/kafkatest state/statetest internal/corpus",
	"log":     "examples/... benchmarks/goka",
}

func TestImportsFollowTheTable(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		key := rowOf(arrows, s.dir())
		if key == "" {
			t.Errorf("%s: package %s is not in the table: give it a line in arrows of imports_test.go", s.path, s.dir())
			continue
		}
		for _, spec := range s.Imports {
			p := importPath(spec)
			if ours, ok := strings.CutPrefix(p+"/", module+"/"); ok {
				if to := path.Clean(ours); !allows(arrows[key], to) {
					t.Errorf("%s imports %s: not in the line %q of arrows in imports_test.go", s.path, to, key)
				}
				continue
			}
			from, listed := outsideOf(p)
			if !listed && standard(p) {
				continue
			}
			if !allows(from, s.dir()) {
				t.Errorf("%s imports %s: %s is not in its line of outside in imports_test.go", s.path, p, s.dir())
			}
		}
	}
}

// rowOf is the key of a table that covers a folder, "" if there is none.
func rowOf(table map[string]string, dir string) string {
	if _, ok := table[dir]; ok {
		return dir
	}
	for d := dir; d != "."; d = path.Dir(d) {
		if _, ok := table[d+"/..."]; ok {
			return d + "/..."
		}
	}
	return ""
}

// outsideOf is the line of outside for an import, if there is one.
func outsideOf(p string) (string, bool) {
	if from, ok := outside[p]; ok || standard(p) {
		return from, ok
	}
	for d := p; d != "."; d = path.Dir(d) {
		if from, ok := outside[d]; ok {
			return from, true
		}
	}
	return "", false
}

// standard reports whether an import is of the standard library.
func standard(p string) bool {
	host, _, _ := strings.Cut(p, "/")
	return !strings.Contains(host, ".")
}

// allows reports whether a folder is in a list such as "state examples/...".
func allows(list, dir string) bool {
	return slices.ContainsFunc(strings.Fields(list), func(entry string) bool {
		folder, all := strings.CutSuffix(entry, "/...")
		return dir == entry || all && under(dir, folder)
	})
}
