package lint

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// linked are the packages that every service links, and neverLinked is what
// none of them may pull in: a store on disk, a broker, a database driver, the
// flags of a test. Whoever wants one imports it himself.
var (
	linked      = []string{".", "topology", "processor", "state", "serde", "aggregate", "metrics", "status"}
	neverLinked = []string{
		"github.com/cockroachdb/pebble", "github.com/lovoo/goka", "github.com/twmb/franz-go/pkg/kfake",
		"database/sql", "modernc.org/sqlite", "github.com/jackc/pgx", "testing",
	}
)

func TestServicesLinkNoMoreThanTheyImport(t *testing.T) {
	imports := dependencies(t)
	from := map[string]string{} // package -> who imports it; also what was seen
	queue := make([]string, 0, len(imports))
	for _, dir := range linked {
		p := strings.TrimSuffix(module+"/"+dir, "/.")
		if len(imports[p]) == 0 {
			t.Errorf("%s imports nothing: it is missing, or go list did not understand it", p)
		}
		queue = append(queue, p)
	}
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		for _, next := range imports[p] {
			if from[next] != "" {
				continue
			}
			from[next] = p
			if under(next, neverLinked...) {
				t.Errorf("a service links %s, through %s", next, strings.Join(chain(from, next), " <- "))
				continue // what is below it adds nothing
			}
			queue = append(queue, next)
		}
	}
}

// dependencies asks the go command for what the linked packages need, and for
// what each of those imports.
func dependencies(t *testing.T) map[string][]string {
	t.Helper()
	args := []string{"list", "-e", "-deps", "-f", `{{.ImportPath}} {{join .Imports " "}}`}
	for _, dir := range linked {
		args = append(args, "./"+dir)
	}
	imports := map[string][]string{}
	for line := range strings.Lines(goCommand(t, args...)) {
		if names := strings.Fields(line); len(names) > 1 {
			imports[names[0]] = names[1:]
		}
	}
	return imports
}

// chain is who imports p, who imports that, and so on.
func chain(from map[string]string, p string) []string {
	var list []string
	for p = from[p]; p != "" && !slices.Contains(list, p); p = from[p] {
		list = append(list, p)
	}
	return list
}

// goCommand runs the go command in the module's folder.
func goCommand(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args[:1], " "), err, stderr.String())
	}
	return string(out)
}
