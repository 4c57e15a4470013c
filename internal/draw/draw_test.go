package draw

import (
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/status"
)

// shop has two subtopologies, joined sources, a shared store, a branch and a
// global table.
func shop() status.Graph {
	return status.Graph{Version: 1, Subtopologies: []status.Subtopology{
		{
			Nodes: []status.Node{
				{Name: "orders", Op: "source", Key: "string", Value: "Order", Topics: []string{"orders"}, Line: "main.go:1"},
				{Name: "prices", Op: "source", Key: "string", Value: "int64", Pattern: `^price-\d$`},
				{Name: "join-1", Op: "join", Key: "string", Value: "Order", Stores: []string{"window"}, Globals: []string{"vat"}},
				{Name: "by-user", Op: "repartition", Key: "string", Value: "Order", Topics: []string{"by-user"}, Internal: true},
			},
			Edges: []status.Edge{
				{From: "orders", To: "join-1", Key: "string", Value: "Order"},
				{From: "prices", To: "join-1", Input: 1, Key: "string", Value: "int64"},
				{From: "join-1", To: "by-user", Port: 1, PortName: "paid", Key: "string", Value: "Order"},
			},
			Stores:        []status.StoreSpec{{Name: "window", Key: "string", Value: "Order", Line: "main.go:7"}},
			CoPartitioned: [][]string{{"orders", "prices"}},
		},
		{
			ID: 1,
			Nodes: []status.Node{
				{Name: "by-user-source", Op: "source", Key: "string", Value: "Order", Topics: []string{"by-user"}, Internal: true},
				{Name: "anywhere", Op: "sink"},
			},
			Edges: []status.Edge{{From: "by-user-source", To: "anywhere", Key: "string", Value: "Order"}},
		},
	}, Globals: []status.GlobalSpec{{Name: "vat", Topic: "vat", Key: "string", Value: "int64", Line: "main.go:9"}}}
}

func TestMermaid(t *testing.T) {
	const want = `flowchart TD
  t0[/"vat"/]
  g0[("vat<br>string, int64<br>global")]
  t2[/"orders"/]
  t3[/"pattern #94;price-#92;d#36;"/]
  t4[/"#60;app#62;-by-user-repartition"/]
  subgraph s0["subtopology 0"]
    s0n0["orders<br>source"]
    s0n1["prices<br>source"]
    s0n2["join-1"]
    s0n3["by-user<br>repartition"]
    s0k0[("window<br>string, Order<br>not logged")]
  end
  subgraph s1["subtopology 1"]
    s1n0["by-user-source<br>source"]
    s1n1["anywhere<br>sink"]
  end
  t0 --> g0
  t2 -->|"string, Order"| s0n0
  t3 -->|"string, int64"| s0n1
  s0n0 -->|"string, Order"| s0n2
  s0n1 -->|"string, int64"| s0n2
  s0n2 -->|"paid<br>string, Order"| s0n3
  s0n3 -->|"string, Order"| t4
  s0n2 -.- s0k0
  s0n2 -.- g0
  s0n0 -.-|"co-partitioned"| s0n1
  t4 -->|"string, Order"| s1n0
  s1n0 -->|"string, Order"| s1n1
`
	if diff := cmp.Diff(want, Mermaid(shop())); diff != "" {
		t.Error(diff)
	}
}

func TestDOT(t *testing.T) {
	got := DOT(shop())
	for _, want := range []string{
		"digraph topology {\n", "  subgraph cluster_s0 {\n    label=\"subtopology 0\";\n",
		"  t4 [label=\"<app>-by-user-repartition\", shape=parallelogram];\n",
		"    s0k0 [label=\"window\\nstring, Order\\nnot logged\", shape=cylinder];\n",
		"  t3 -> s0n1 [label=\"string, int64\"];\n", "  s0n2 -> s0n3 [label=\"paid\\nstring, Order\"];\n",
		"  s0n0 -> s0n1 [label=\"co-partitioned\", style=dashed, dir=none];\n", `[label="pattern ^price-\\d$", `,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestJSONLeavesOutPlaces(t *testing.T) {
	g := shop()
	text, err := JSON(g)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "main.go") || g.Subtopologies[0].Nodes[0].Line == "" {
		t.Error("a place is in the text, or gone from the argument")
	}
	var back status.Graph
	if err := json.Unmarshal(text, &back); err != nil || back.Subtopologies[0].Stores[0].Name != "window" {
		t.Errorf("read back: %+v, %v", back, err)
	}
	if !strings.HasPrefix(string(text), "{\n  \"version\": 1,\n") {
		t.Errorf("the version does not come first:\n%s", text)
	}
}

// names are drawn with all signs that mean something to a language of pictures.
var names = rapid.OneOf(
	rapid.SampledFrom([]string{"", "a", "end", "subgraph", `"`, `a"]`, "a<b>", "&amp;", `\`, `\"`, "x\ny", "`md`", "#35;", "style x:y#1;", "%%", "|", "Größe", "a;b", "{{", "\x00"}),
	rapid.String(),
)

// graphs are of any shape: edges may lead nowhere, names may be there twice.
var graphs = rapid.Custom(func(t *rapid.T) status.Graph {
	name := func(label string) string { return names.Draw(t, label) }
	var g status.Graph
	for i := range rapid.IntRange(0, 3).Draw(t, "subtopologies") {
		sub := status.Subtopology{ID: i}
		var known []string
		for range rapid.IntRange(0, 4).Draw(t, "nodes") {
			n := status.Node{Name: name("node"), Op: name("op"), Key: name("key"), Value: name("value"), Internal: rapid.Bool().Draw(t, "internal")}
			n.Topics = rapid.SliceOfN(names, 0, 2).Draw(t, "topics")
			n.Stores = rapid.SliceOfN(names, 0, 2).Draw(t, "stores")
			known = append(known, n.Name)
			sub.Nodes = append(sub.Nodes, n)
		}
		node := rapid.OneOf(rapid.SampledFrom(append(known, "nowhere")), names)
		for range rapid.IntRange(0, 4).Draw(t, "edges") {
			sub.Edges = append(sub.Edges, status.Edge{From: node.Draw(t, "from"), To: node.Draw(t, "to"), PortName: name("port"), Key: name("key"), Value: name("value")})
		}
		for range rapid.IntRange(0, 2).Draw(t, "stores") {
			sub.Stores = append(sub.Stores, status.StoreSpec{Name: name("store"), Key: name("key"), Value: name("value")})
		}
		sub.CoPartitioned = [][]string{rapid.SliceOfN(node, 0, 3).Draw(t, "group")}
		g.Subtopologies = append(g.Subtopologies, sub)
	}
	for range rapid.IntRange(0, 1).Draw(t, "globals") {
		g.Globals = append(g.Globals, status.GlobalSpec{Name: name("global"), Topic: name("topic")})
	}
	return g
})

// The languages as far as they are written: one thing per line.
var (
	inQuotes    = `"[^"#<>&|\x60\\]*(?:(?:#\d+;|<br>)[^"#<>&|\x60\\]*)*"`
	mermaidBoxX = regexp.MustCompile(`^ +(\w+)(?:\[` + inQuotes + `\]|\[\(` + inQuotes + `\)\]|\[/` + inQuotes + `/\])$`)
	mermaidSub  = regexp.MustCompile(`^  subgraph \w+\[` + inQuotes + `\]$`)
	mermaidLine = regexp.MustCompile(`^  (\w+) (?:-->|-\.-)(?:\|` + inQuotes + `\|)? (\w+)$`)

	dotQuotes = `"(?:[^"\\\n&]|\\["\\n]|&amp;)*"`
	dotBoxX   = regexp.MustCompile(`^ +(\w+) \[label=` + dotQuotes + `(?:, shape=\w+)?\];$`)
	dotLabel  = regexp.MustCompile(`^    label=` + dotQuotes + `;$`)
	dotLine   = regexp.MustCompile(`^  (\w+) -> (\w+)(?: \[(?:label=` + dotQuotes + `)?(?:(?:, )?style=dashed, dir=none)?\])?;$`)
)

func TestAnyGraphIsDrawnInTheLanguage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := graphs.Draw(t, "graph")
		mermaid, dot := Mermaid(g), DOT(g)
		if Mermaid(g) != mermaid || DOT(g) != dot {
			t.Fatal("two texts of one graph differ")
		}
		for _, l := range []struct {
			name, text, first, last, open, shut string
			box, line                           *regexp.Regexp
			other                               []*regexp.Regexp
		}{
			{"mermaid", mermaid, "flowchart TD", "", "  subgraph ", "  end", mermaidBoxX, mermaidLine, []*regexp.Regexp{mermaidSub}},
			{"dot", dot, "digraph topology {", "}", "  subgraph cluster_", "  }", dotBoxX, dotLine, []*regexp.Regexp{dotLabel, regexp.MustCompile(`^  subgraph cluster_\w+ \{$|^  node \[shape=box\];$`)}},
		} {
			lines := strings.Split(strings.TrimSuffix(l.text, "\n"), "\n")
			if lines[0] != l.first || l.last != "" && lines[len(lines)-1] != l.last {
				t.Fatalf("%s: begins with %q, ends with %q", l.name, lines[0], lines[len(lines)-1])
			}
			if l.last != "" {
				lines = lines[:len(lines)-1]
			}
			boxes, depth := map[string]bool{}, 0
			for _, text := range lines[1:] {
				switch {
				case text == l.shut:
					depth--
				case l.box.MatchString(text):
					id := l.box.FindStringSubmatch(text)[1]
					if boxes[id] {
						t.Fatalf("%s: box %s is there twice", l.name, id)
					}
					boxes[id] = true
				case l.line.MatchString(text):
					for _, end := range l.line.FindStringSubmatch(text)[1:] {
						if !boxes[end] {
							t.Fatalf("%s: %q leads to no box", l.name, text)
						}
					}
				case slices.ContainsFunc(l.other, func(re *regexp.Regexp) bool { return re.MatchString(text) }):
					if strings.HasPrefix(text, l.open) {
						depth++
					}
				default:
					t.Fatalf("%s: %q is not of the language", l.name, text)
				}
			}
			if depth != 0 {
				t.Fatalf("%s: %d frames are left open", l.name, depth)
			}
		}
		if _, err := JSON(g); err != nil {
			t.Fatal(err)
		}
	})
}

func TestNamesAreShownAsTheyAre(t *testing.T) {
	entity := regexp.MustCompile(`#(\d+);`)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Filter(func(s string) bool {
			return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' })
		}).Draw(t, "name")
		written := strings.Trim(mermaidText(name), `"`)
		shown := entity.ReplaceAllStringFunc(written, func(e string) string {
			var r rune
			fmt.Sscanf(e, "#%d;", &r)
			return string(r)
		})
		if shown != name {
			t.Fatalf("mermaid shows %q as %q", name, shown)
		}
		written = strings.TrimSuffix(strings.TrimPrefix(dotText(name), `"`), `"`)
		shown = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(written)
		if shown = html.UnescapeString(shown); shown != name {
			t.Fatalf("dot shows %q as %q", name, shown)
		}
	})
}
