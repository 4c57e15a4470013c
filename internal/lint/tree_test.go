package lint

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	module = "github.com/millrace-io/millrace"
	root   = "../.." // the module's folder, seen from here
)

// source is one Go file of the module, parsed with its comments.
type source struct {
	path string // relative to the module, with slashes
	test bool   // a _test.go file
	text string
	fset *token.FileSet
	*ast.File
}

// dir is the folder of the file: "." for the root package.
func (s source) dir() string { return path.Dir(s.path) }

// at is the finding of something that begins at pos.
func (s source) at(pos token.Pos, format string, args ...any) finding {
	return finding{s.path, s.fset.Position(pos).Line, fmt.Sprintf(format, args...)}
}

// uses yields every mention of an exported name of another package: f gets
// it in full, such as "time.Now", whatever the import is called in this file.
func (s source) uses(f func(pos token.Pos, name string)) {
	names := map[string]string{}
	for _, spec := range s.Imports {
		p := importPath(spec)
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = p
	}
	ast.Inspect(s.File, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		// An identifier that the parser resolved is a variable of this file.
		if x, ok := sel.X.(*ast.Ident); ok && x.Obj == nil && names[x.Name] != "" {
			f(sel.Pos(), names[x.Name]+"."+sel.Sel.Name)
		}
		return true
	})
}

func importPath(spec *ast.ImportSpec) string {
	p, _ := strconv.Unquote(spec.Path.Value) // the parser has checked it
	return p
}

// files lists the files of the module whose path ends in suffix. Folders that
// the go command ignores are left out, except the one of the CI.
func files(t *testing.T, suffix string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && p != root && name != ".ci" &&
			(strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata") {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel(root, p)
		if rel = filepath.ToSlash(rel); err == nil && d.Type().IsRegular() && strings.HasSuffix(rel, suffix) {
			list = append(list, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var parsed struct {
	once sync.Once
	list []source
}

// sources is every Go file of the module, parsed once for all rules.
func sources(t *testing.T) []source {
	t.Helper()
	parsed.once.Do(func() {
		fset := token.NewFileSet()
		for _, name := range files(t, ".go") {
			text := read(t, name)
			f, err := parser.ParseFile(fset, name, text, parser.ParseComments)
			if err != nil {
				t.Errorf("%v", err)
				continue
			}
			parsed.list = append(parsed.list, source{name, strings.HasSuffix(name, "_test.go"), text, fset, f})
		}
	})
	if len(parsed.list) == 0 {
		t.Fatal("no Go file found: every rule would hold")
	}
	return parsed.list
}

// finding is a place that breaks a rule.
type finding struct {
	file string
	line int
	what string
}

// report fails for each finding in a file that is not excepted, and for each
// exception without a finding. Exceptions map a file to the reason.
func report(t *testing.T, found []finding, exceptions map[string]string) {
	t.Helper()
	needed := map[string]bool{}
	for _, f := range found {
		if exceptions[f.file] == "" {
			t.Errorf("%s:%d: %s", f.file, f.line, f.what)
		}
		needed[f.file] = true
	}
	for _, file := range slices.Sorted(maps.Keys(exceptions)) {
		if !needed[file] {
			t.Errorf("%s breaks this rule no longer: delete its exception", file)
		}
	}
}

// under reports whether the folder or file name is one of the given folders or
// below one.
func under(name string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool {
		return name == f || strings.HasPrefix(name, f+"/")
	})
}

// public reports whether a folder holds a package whose API users rely on.
func public(dir string) bool {
	return !under(dir, "examples", "benchmarks", "cmd") && !slices.Contains(strings.Split(dir, "/"), "internal")
}

// forTests reports whether a file is part of a test or of a package that only
// tests import.
func forTests(s source) bool {
	return s.test || under(s.dir(), "internal/kafkatest", "state/statetest")
}
