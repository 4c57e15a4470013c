package graph_test

import (
	htmltemplate "html/template"
	"strings"
	"testing"
	texttemplate "text/template"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/status"
)

type Base struct {
	ID   string `json:"id"`
	Name string // hidden by that of who embeds it
}

type hidden struct{ Inner int }

type opaque struct{ secret int }

type leaf struct{ Next *tree }

type tree struct {
	Base
	*hidden
	opaque
	Tagged hidden `json:"tagged"`
	time.Time
	Name    string             `json:",omitempty"`
	Self    *tree              `json:"self"`
	Leaves  map[string][]*leaf `json:"-"`
	Pairs   [2]struct{ A leaf }
	private int
}

type named struct {
	*Base `json:"base"`
	X     int
}

// fieldsOf are the types that a description lists for values of V.
func fieldsOf[V any]() []status.Type {
	g := graph.Graph{Nodes: []*graph.Node{{Out: []graph.Port{graph.NewPort[string, graph.Change[V]]()}}}}
	types := g.Status().Types
	for i := range types {
		types[i].Package = ""
	}
	return types
}

func TestFieldsAreThoseThatJSONWrites(t *testing.T) {
	_ = tree{private: 1, opaque: opaque{secret: 1}}
	for name, c := range map[string]struct{ got, want []status.Type }{
		"embedded, tagged, nested, cyclic": {fieldsOf[map[int]*tree](), []status.Type{
			{Name: "graph_test.hidden", Fields: []status.Field{{Name: "Inner", Type: "int"}}},
			{Name: "graph_test.leaf", Fields: []status.Field{{Name: "Next", Type: "*graph_test.tree"}}},
			{Name: "graph_test.tree", Fields: []status.Field{
				{Name: "ID", Type: "string", JSON: "id"},
				{Name: "Inner", Type: "int"},
				{Name: "Tagged", Type: "graph_test.hidden", JSON: "tagged"},
				{Name: "Time", Type: "time.Time"},
				{Name: "Name", Type: "string"},
				{Name: "Self", Type: "*graph_test.tree", JSON: "self"},
				{Name: "Leaves", Type: "map[string][]*graph_test.leaf", JSON: "-"},
				{Name: "Pairs", Type: "[2]struct { A graph_test.leaf }"},
			}},
		}},
		"an embedded struct with a name of its own": {fieldsOf[named](), []status.Type{
			{Name: "graph_test.Base", Fields: []status.Field{{Name: "ID", Type: "string", JSON: "id"}, {Name: "Name", Type: "string"}}},
			{Name: "graph_test.named", Fields: []status.Field{
				{Name: "Base", Type: "*graph_test.Base", JSON: "base"},
				{Name: "X", Type: "int"},
			}},
		}},
		"nothing to see": {fieldsOf[opaque](), nil},
		"no struct":      {fieldsOf[[]string](), nil},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestTypesOfOneNameAreToldApart(t *testing.T) {
	g := graph.Graph{Nodes: []*graph.Node{{Out: []graph.Port{graph.NewPort[htmltemplate.Template, texttemplate.Template]()}}}}
	text := g.Describe()
	for _, want := range []string{"\n  template.Template of html/template\n", "\n  template.Template of text/template\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
