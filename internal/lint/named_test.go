package lint

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testName = regexp.MustCompile("`((?:Test|Benchmark)[A-Z]\\w*)`")
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark)\w+)\(`)
	goFile   = regexp.MustCompile("`((?:[a-z]+/)*[a-z_]+\\.go)`")
)

// A document names only tests that exist: it says what each of them is for.
func TestTestsNamedInDocumentsExist(t *testing.T) {
	known := map[string]bool{}
	for _, s := range sources(t) {
		for _, m := range testFunc.FindAllStringSubmatch(s.text, -1) {
			known[m[1]] = true
		}
	}
	for _, name := range files(t, ".md") {
		for _, m := range testName.FindAllStringSubmatch(read(t, name), -1) {
			if !known[m[1]] {
				t.Errorf("%s: there is no test %s", name, m[1])
			}
		}
	}
}

// The same for files of code; a file is named by its path, or by its base name
// where the package is clear.
func TestFilesNamedInDocumentsExist(t *testing.T) {
	base := map[string]bool{}
	for _, s := range sources(t) {
		base[filepath.Base(s.path)] = true
	}
	for _, name := range files(t, ".md") {
		for _, m := range goFile.FindAllStringSubmatch(read(t, name), -1) {
			_, err := os.Stat(filepath.Join(root, filepath.FromSlash(m[1])))
			if err != nil && (strings.Contains(m[1], "/") || !base[m[1]]) {
				t.Errorf("%s: there is no file %s", name, m[1])
			}
		}
	}
}
