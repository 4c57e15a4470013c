package lint

import (
	"go/ast"
	"go/token"
	"regexp"
	"testing"
)

var unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)

func TestNothingIsLeftForLater(t *testing.T) {
	for _, s := range sources(t) {
		for _, group := range s.Comments {
			for _, c := range group.List {
				if word := unfinished.FindString(c.Text); word != "" {
					t.Errorf("%s:%d: %s: do it, or open an issue", s.path, s.fset.Position(c.Pos()).Line, word)
				}
			}
		}
	}
}

// Every exported function, method, type, constant and variable of a public
// package says what it is. Constants and variables of a group share the
// comment of the group.
func TestExportedSymbolsAreDocumented(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || !public(s.dir()) {
			continue
		}
		missing := func(name *ast.Ident) {
			t.Errorf("%s:%d: %s has no comment", s.path, s.fset.Position(name.Pos()).Line, name.Name)
		}
		for _, d := range s.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Doc == nil && d.Name.IsExported() && (d.Recv == nil || token.IsExported(receiver(d))) {
					missing(d.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					for _, name := range undocumented(d, spec) {
						missing(name)
					}
				}
			}
		}
	}
}

// undocumented are the exported names that one line of a declaration
// introduces without a comment on it, on its group or behind it.
func undocumented(d *ast.GenDecl, spec ast.Spec) []*ast.Ident {
	var names []*ast.Ident
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		// The comment of a group of types is about none of them.
		if spec.Doc == nil && (d.Doc == nil || d.Lparen.IsValid()) {
			names = []*ast.Ident{spec.Name}
		}
	case *ast.ValueSpec:
		if d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
			names = spec.Names
		}
	}
	var exported []*ast.Ident
	for _, name := range names {
		if name.IsExported() {
			exported = append(exported, name)
		}
	}
	return exported
}

// receiver is the name of the type that a method belongs to.
func receiver(d *ast.FuncDecl) string {
	for t := d.Recv.List[0].Type; ; {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// Every package says what it is, once.
func TestPackagesHaveOneComment(t *testing.T) {
	first := map[string]string{} // folder -> the file with its comment
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		switch other := first[s.dir()]; {
		case s.Doc == nil:
			if other == "" {
				first[s.dir()] = ""
			}
		case other != "":
			t.Errorf("%s: the comment of package %s is in %s already", s.path, s.Name.Name, other)
		default:
			first[s.dir()] = s.path
		}
	}
	for dir, file := range first {
		if file == "" {
			t.Errorf("package %s has no comment", dir)
		}
	}
}
