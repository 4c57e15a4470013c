package micro

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/millrace-io/millrace/"

// packages are those whose benchmarks belong to a record's way, in its order.
var packages = []string{
	module + "serde",
	module + "internal/task",
	module + "streamstest", // a task with the operators of the word count
	module + "internal/store",
	module + "aggregate",
	module + "changelog",
	module + "state",
	module + "state/lsm",
	module + "metrics",
}

// passed are the flags that are those of the benchmarks too.
var passed = []string{"bench", "benchmem", "benchtime", "count", "cpu", "short", "v"}

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.bench").Value.String() == "" {
		os.Exit(m.Run())
	}
	cmd := exec.Command("go", command(flag.Args())...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "micro:", err)
		os.Exit(1)
	}
}

// command is what the go command is told: to run the benchmarks of the chosen
// packages, or of all.
func command(chosen []string) []string {
	args := []string{"test", "-run", "^$", "-timeout", "0"}
	for _, name := range passed {
		if f := flag.Lookup("test." + name); f.Value.String() != f.DefValue {
			args = append(args, "-"+name+"="+f.Value.String())
		}
	}
	if len(chosen) == 0 {
		chosen = packages
	}
	return append(args, chosen...)
}

func TestEveryPackageHasBenchmarks(t *testing.T) {
	format := `{{$dir := .Dir}}{{.ImportPath}}{{range .TestGoFiles}} {{$dir}}/{{.}}{{end}}{{range .XTestGoFiles}} {{$dir}}/{{.}}{{end}}`
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-f", format}, packages...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	benchmark := regexp.MustCompile(`(?m)^func Benchmark[A-Z]\w*\(`)
	for line := range strings.Lines(string(out)) {
		name, files, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !slices.ContainsFunc(strings.Fields(files), func(file string) bool {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Error(err)
			}
			return benchmark.Match(src)
		}) {
			t.Errorf("no benchmarks: %s", name)
		}
	}
}

// What is asked of this package is asked of the others, here of one: to build all
// of them takes minutes.
func TestFlagsArePassedOn(t *testing.T) {
	if all := command(nil); !slices.Equal(all[len(all)-len(packages):], packages) {
		t.Errorf("without a choice it runs %v, want all packages", all)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), self, "-test.bench=^BenchmarkInt64$/^append$", "-test.benchtime=3x", "-test.count=2", module+"serde").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) > 2 && strings.HasPrefix(f[0], "BenchmarkInt64/append") && f[1] == "3" {
			lines++
		}
	}
	if lines != 2 {
		t.Errorf("%d lines of the benchmark, want 2:\n%s", lines, out)
	}
}
