package corpus

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCommentsLinkTheScripts checks that the scripts that comments name exist,
// and that each script is named by one, where readers of go doc find it.
func TestCommentsLinkTheScripts(t *testing.T) {
	linked := map[string]bool{}
	for _, dir := range []string{"topology", "windowing", "joins", "aggregate", "processor", "streamstest"} {
		files, err := filepath.Glob(filepath.Join("..", "..", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s: %v", dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, script := range links(t, file) {
				linked[script] = true
				if _, err := os.Stat(filepath.Join("testdata", script)); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
		}
	}
	scripts, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		if !linked[filepath.Base(script)] {
			t.Errorf("%s: no comment says \"By example: internal/corpus/%[1]s.\"", filepath.ToSlash(script))
		}
	}
}

var link = regexp.MustCompile(`By example: internal/corpus/testdata/([a-z-]+\.txt)\.`)

// links are the scripts that the comments of a file name.
func links(t *testing.T, file string) (scripts []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range f.Comments {
		for _, found := range link.FindAllStringSubmatch(group.Text(), -1) {
			scripts = append(scripts, found[1])
		}
	}
	return scripts
}
