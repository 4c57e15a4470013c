package lint

import (
	"flag"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "accept the public API as it is")

const golden = "testdata/api.txt"

// The golden file has one line per exported symbol, field and method of the
// public packages, in the manner of Go's own api/*.txt. It changes in the same
// commit as the API, so that a review sees what users will see.
func TestPublicAPIIsAsRecorded(t *testing.T) {
	var lines []string
	for _, p := range publicPackages(t) {
		lines = append(lines, symbols(p)...)
	}
	slices.Sort(lines)
	if *update {
		if err := os.WriteFile(golden, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	recorded := strings.FieldsFunc(string(b), func(r rune) bool { return r == '\n' || r == '\r' })
	var diff strings.Builder
	for _, line := range recorded {
		if _, ok := slices.BinarySearch(lines, line); !ok {
			fmt.Fprintf(&diff, "- %s\n", line)
		}
	}
	for _, line := range lines {
		if _, ok := slices.BinarySearch(recorded, line); !ok {
			fmt.Fprintf(&diff, "+ %s\n", line)
		}
	}
	if diff.Len() > 0 {
		t.Errorf("the public API is not that of %s; if this is meant: go test ./internal/lint -update\n%s", golden, &diff)
	}
}

// publicPackages reads the types of the public packages from the compiler's
// export data, which is complete (inferred types included) and quick.
func publicPackages(t *testing.T) []*types.Package {
	t.Helper()
	export := map[string]string{} // import path -> file
	args := []string{"list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}"}
	dirs := publicDirs(t)
	for _, dir := range dirs {
		args = append(args, "./"+dir)
	}
	for line := range strings.Lines(goCommand(t, args...)) {
		if p, file, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			export[p] = file
		}
	}
	imp := importer.ForCompiler(token.NewFileSet(), "gc", func(p string) (io.ReadCloser, error) {
		return os.Open(export[p])
	})
	var list []*types.Package
	for _, dir := range dirs {
		p, err := imp.Import(path.Join(module, dir))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// publicDirs lists the folders of the public packages.
func publicDirs(t *testing.T) []string {
	t.Helper()
	dirs := map[string]bool{}
	for _, s := range sources(t) {
		if !s.test && public(s.dir()) {
			dirs[s.dir()] = true
		}
	}
	return slices.Sorted(maps.Keys(dirs))
}

// symbols are the lines of one package.
func symbols(p *types.Package) []string {
	var lines []string
	add := func(format string, args ...any) {
		lines = append(lines, "pkg "+folder(p)+", "+fmt.Sprintf(format, args...))
	}
	name := func(q *types.Package) string { // as a file of p would write it
		if q == p {
			return ""
		}
		return q.Name()
	}
	typ := func(t types.Type) string { return types.TypeString(t, name) }
	for _, n := range p.Scope().Names() {
		if !token.IsExported(n) {
			continue
		}
		switch o := p.Scope().Lookup(n).(type) {
		case *types.Const:
			if b, ok := o.Type().(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
				add("const %s = %s", n, o.Val().ExactString())
			} else {
				add("const %s %s = %s", n, typ(o.Type()), o.Val().ExactString())
			}
		case *types.Var:
			add("var %s %s", n, typ(o.Type()))
		case *types.Func:
			add("func %s%s", n, strings.TrimPrefix(typ(o.Type()), "func"))
		case *types.TypeName:
			for _, line := range typeLines(o, typ) {
				add("%s", line)
			}
		}
	}
	return lines
}

// typeLines describe a type: itself, its exported fields or the methods that
// it asks for, and the methods that it has, on itself or on its pointer.
func typeLines(o *types.TypeName, typ func(types.Type) string) []string {
	if o.IsAlias() {
		return []string{fmt.Sprintf("type %s = %s", o.Name(), typ(types.Unalias(o.Type())))}
	}
	named := o.Type().(*types.Named)
	head, name := o.Name(), o.Name()
	if params := named.TypeParams(); params.Len() > 0 {
		var list, bare []string
		for tp := range params.TypeParams() {
			list = append(list, tp.Obj().Name()+" "+typ(tp.Constraint()))
			bare = append(bare, tp.Obj().Name())
		}
		head += "[" + strings.Join(list, ", ") + "]"
		name += "[" + strings.Join(bare, ", ") + "]"
	}
	var lines []string
	switch u := named.Underlying().(type) {
	case *types.Struct:
		lines = append(lines, "type "+head+" struct")
		for f := range u.Fields() {
			switch {
			case !f.Exported():
			case f.Embedded():
				lines = append(lines, fmt.Sprintf("type %s struct, embedded %s", name, typ(f.Type())))
			default:
				lines = append(lines, fmt.Sprintf("type %s struct, %s %s", name, f.Name(), typ(f.Type())))
			}
		}
	case *types.Interface:
		if !u.IsMethodSet() { // a constraint: its types are what it is
			return []string{"type " + head + " " + typ(u)}
		}
		lines = append(lines, "type "+head+" interface")
		for m := range u.Methods() {
			if m.Exported() {
				lines = append(lines, fmt.Sprintf("type %s interface, %s%s", name, m.Name(), strings.TrimPrefix(typ(m.Type()), "func")))
			} else {
				lines = append(lines, fmt.Sprintf("type %s interface, unexported methods", name))
			}
		}
		return slices.Compact(lines)
	default:
		lines = append(lines, "type "+head+" "+typ(u))
	}
	for sel := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		if m := sel.Obj().(*types.Func); m.Exported() {
			recv := name
			if _, ok := m.Signature().Recv().Type().(*types.Pointer); ok {
				recv = "*" + recv
			}
			lines = append(lines, fmt.Sprintf("method (%s) %s%s", recv, m.Name(), strings.TrimPrefix(typ(sel.Type()), "func")))
		}
	}
	return lines
}

// folder is the path of a package within the module, "millrace" for the root.
func folder(p *types.Package) string {
	return strings.TrimPrefix(strings.TrimPrefix(p.Path(), path.Dir(module)+"/"), path.Base(module)+"/")
}
