package lint

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// Other letters and signs are for tests and documents.
var notASCII = map[string]string{
	"metrics/doc.go":  "the package's picture",
	"status/doc.go":   "the package's picture",
	"topology/doc.go": "the package's picture",
}

func TestCodeIsASCII(t *testing.T) {
	var found []finding
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for i, line := range strings.Split(s.text, "\n") {
			if at := strings.IndexFunc(line, func(r rune) bool { return r > 127 }); at >= 0 {
				found = append(found, finding{s.path, i + 1, fmt.Sprintf("%q is not ASCII", []rune(line[at:])[0])})
			}
		}
	}
	report(t, found, notASCII)
}

// A path that exists on one machine only.
var localPath = regexp.MustCompile(`(^|[^\w.:/~-])/(root|work|home|Users)/`)

func TestNoPathOfAMachine(t *testing.T) {
	for _, suffix := range []string{".go", ".md", ".txt", ".sh", ".yml", ".yaml", ".json", "go.mod", ".ci/run"} {
		for _, name := range files(t, suffix) {
			for i, line := range strings.Split(read(t, name), "\n") {
				if at := localPath.FindString(line); at != "" {
					t.Errorf("%s:%d: %q is a path of one machine", name, i+1, at)
				}
			}
		}
	}
}
