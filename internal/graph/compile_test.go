package graph

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// nodes makes graphs by hand: source "a" reads topic a, and so on.
type nodes struct {
	list   []*Node
	stores map[string]*StoreSpec
}

func (g *nodes) add(n *Node, in ...*Node) *Node {
	n.ID, n.Line = len(g.list), fmt.Sprintf("main.go:%d", len(g.list)+1)
	for _, from := range in {
		n.In = append(n.In, Edge{From: from})
	}
	if n.Sink == nil {
		n.Out = []Port{NewPort[string, string]()}
	}
	g.list = append(g.list, n)
	return n
}

func (g *nodes) source(topics ...string) *Node {
	return g.add(&Node{Name: topics[0], Op: "source", Source: &Source{Topics: topics}})
}

func (g *nodes) op(name string, in ...*Node) *Node {
	return g.add(&Node{Name: name, Op: "op"}, in...)
}

func (g *nodes) sink(topic string, in ...*Node) *Node {
	return g.add(&Node{Name: "to-" + topic, Op: "sink", Sink: &Sink{Topic: topic}}, in...)
}

// repartition is a topic between in and the returned source.
func (g *nodes) repartition(name string, partitions int, in ...*Node) *Node {
	r := &Repartition{Name: name, Partitions: partitions}
	sink, source := r.Ends()
	g.add(&Node{Name: sink, Op: "sink", Sink: &Sink{Repartition: r}}, in...)
	return g.add(&Node{Name: source, Op: "source", Source: &Source{Repartition: r}})
}

// keyed is a node that needs equal keys in equal partitions.
func (g *nodes) keyed(name string, in ...*Node) *Node {
	n := g.op(name, in...)
	n.CoPartition = true
	return n
}

func (g *nodes) store(name string, users ...*Node) {
	if g.stores == nil {
		g.stores = map[string]*StoreSpec{}
	}
	g.stores[name] = &StoreSpec{Name: name, Line: "main.go:99", Key: "string", Value: "int64", Logged: true}
	for _, n := range users {
		n.Stores = append(n.Stores, name)
	}
}

func (g *nodes) compile(t *testing.T) *Graph {
	t.Helper()
	compiled, err := Compile(g.list, g.stores)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func names(list []*Node) string {
	var all []string
	for _, n := range list {
		all = append(all, n.Name)
	}
	return strings.Join(all, " ")
}

func TestSubtopologiesAreWhatIsConnected(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(g *nodes)
		want  []string // nodes in topological order
	}{
		{"chains apart", func(g *nodes) {
			a, b := g.source("a"), g.source("b")
			g.sink("y", g.op("second", b))
			g.sink("x", g.op("first", a))
		}, []string{"a first to-x", "b second to-y"}},
		{"joined by an edge", func(g *nodes) {
			a, b := g.source("a"), g.source("b")
			g.op("both", b, a)
		}, []string{"a b both"}},
		{"joined by a store", func(g *nodes) {
			a, b, c := g.source("a"), g.source("b"), g.source("c")
			g.store("s", g.op("first", a), g.op("second", c))
			g.op("alone", b)
		}, []string{"a c first second", "b alone"}},
		{"parted by a repartition topic", func(g *nodes) {
			a := g.source("a")
			g.keyed("count", g.repartition("r", 0, a))
		}, []string{"a r-repartition-sink", "r-repartition-source count"}},
		{"numbered by the first node made", func(g *nodes) {
			a := g.source("a")
			r := g.repartition("r", 0, a)
			g.op("last", g.source("b"), r)
		}, []string{"a r-repartition-sink", "r-repartition-source b last"}},
	} {
		g := &nodes{}
		c.build(g)
		var got []string
		for i, sub := range g.compile(t).Subtopologies {
			if sub.ID != i {
				t.Errorf("%s: subtopology %d has ID %d", c.name, i, sub.ID)
			}
			got = append(got, names(sub.Nodes))
		}
		if diff := cmp.Diff(got, c.want); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestSubtopologyListsItsSourcesSinksAndStores(t *testing.T) {
	g := &nodes{}
	a := g.source("a")
	first, second := g.op("first", a), g.op("second", a)
	g.sink("x", first)
	g.store("s", first, second)
	g.store("u", second)
	sub := g.compile(t).Subtopologies[0]
	var stores []string
	for _, s := range sub.Stores {
		stores = append(stores, s.Name)
	}
	if names(sub.Sources) != "a" || names(sub.Sinks) != "to-x" || strings.Join(stores, " ") != "s u" {
		t.Errorf("sources %s, sinks %s, stores %s", names(sub.Sources), names(sub.Sinks), stores)
	}
}

func TestCoPartitionedGroups(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(g *nodes)
		want  []string
	}{
		{"one source of one topic", func(g *nodes) { g.keyed("count", g.source("a")) }, nil},
		{"one source of two topics", func(g *nodes) { g.keyed("count", g.source("a", "b")) }, []string{"a"}},
		{"merge alone", func(g *nodes) { g.op("merge", g.source("a"), g.source("b")) }, nil},
		{"count behind a merge", func(g *nodes) {
			g.keyed("count", g.op("merge", g.source("a"), g.source("b")))
		}, []string{"a b"}},
		{"groups with a common member are one", func(g *nodes) {
			a, b, c := g.source("a"), g.source("b"), g.source("c")
			g.keyed("first", a, b)
			g.keyed("second", c, b)
		}, []string{"a b c"}},
		{"groups of a subtopology stay apart", func(g *nodes) {
			a, b, c, d := g.source("a"), g.source("b"), g.source("c"), g.source("d")
			g.op("merge", g.keyed("first", a, b), g.keyed("second", c, d))
		}, []string{"a b", "c d"}},
	} {
		g := &nodes{}
		c.build(g)
		var got []string
		for _, group := range g.compile(t).Subtopologies[0].CoPartitioned {
			got = append(got, names(group))
		}
		if diff := cmp.Diff(got, c.want); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestTopologiesThatCannotWorkAreRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(g *nodes)
		want  string
	}{
		{"nothing", func(*nodes) {}, "the topology is empty"},
		{"cycle", func(g *nodes) {
			n := g.op("first", g.source("a"))
			n.In = append(n.In, Edge{From: g.op("second", n)})
		}, "main.go:2: first is its own input"},
		{"node of elsewhere", func(g *nodes) { g.op("first", (&nodes{}).source("a")) },
			"main.go:1: a is connected but not part of the topology"},
		{"no topic", func(g *nodes) { g.source("a").Source.Topics = nil }, "main.go:1: a reads no topic"},
		{"topic read twice", func(g *nodes) { g.source("a"); g.source("b", "a") },
			"main.go:2: topic a is also read at main.go:1: make one stream of it and use that twice"},
		{"pattern is wrong", func(g *nodes) { g.source("a").Source = &Source{Pattern: "("} },
			"main.go:1: pattern of a: error parsing regexp: missing closing ): `(`"},
		{"pattern matches a topic", func(g *nodes) { g.source("a").Source = &Source{Pattern: "b."}; g.source("bc") },
			"main.go:1: the pattern matches topic bc, which is also read at main.go:2: make it more exact"},
		{"pattern matches a sink", func(g *nodes) {
			a := g.source("a")
			a.Source = &Source{Pattern: "b."}
			g.sink("bc", a)
		}, "main.go:2: topic bc is read at main.go:1: a topology that feeds itself needs the option AllowLoop"},
		{"illegal topics", func(g *nodes) { g.sink("", g.source("a/b")) },
			"main.go:1: \"a/b\" is no legal topic name\nmain.go:2: \"\" is no legal topic name"},
		{"unknown store", func(g *nodes) { g.source("a").Stores = []string{"s"} },
			`main.go:1: a uses store "s", which this topology does not have`},
		{"idle store", func(g *nodes) { g.source("a"); g.store("s") },
			`main.go:99: no operator uses store "s": attach it with the option With`},
	} {
		g := &nodes{}
		c.build(g)
		_, err := Compile(g.list, g.stores)
		if diff := cmp.Diff(fmt.Sprint(err), c.want); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
