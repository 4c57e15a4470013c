package graph

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLayout(t *testing.T) {
	for _, c := range []struct {
		name   string
		build  func(g *nodes)
		topics map[string]int
		tasks  []int
		counts map[string]int // of repartition topics
		err    string
	}{
		{
			name:   "the widest input makes the tasks",
			build:  func(g *nodes) { g.op("merge", g.source("a"), g.source("b", "c")) },
			topics: map[string]int{"a": 2, "b": 1, "c": 5},
			tasks:  []int{5},
		}, {
			name:   "a repartition topic is as wide as what is before it",
			build:  func(g *nodes) { g.keyed("count", g.repartition("r", 0, g.op("merge", g.source("a"), g.source("b")))) },
			topics: map[string]int{"a": 2, "b": 3},
			tasks:  []int{3, 3}, counts: map[string]int{"r": 3},
		}, {
			name: "repartition topics in a row",
			build: func(g *nodes) {
				// made in the order in which they cannot be solved at once
				r := &Repartition{Name: "last"}
				g.add(&Node{Name: "last", Source: &Source{Repartition: r}})
				first := g.repartition("first", 0, g.source("a"))
				second := g.repartition("second", 7, first)
				g.add(&Node{Name: "to-last", Sink: &Sink{Repartition: r}}, second)
			},
			topics: map[string]int{"a": 4},
			tasks:  []int{7, 4, 4, 7}, counts: map[string]int{"first": 4, "second": 7, "last": 7},
		}, {
			name: "a repartition topic that meets what is before it",
			build: func(g *nodes) {
				a := g.source("a")
				g.op("merge", a, g.repartition("r", 0, a))
			},
			topics: map[string]int{"a": 4},
			tasks:  []int{4}, counts: map[string]int{"r": 4},
		}, {
			name: "two of them in a circle of subtopologies",
			build: func(g *nodes) {
				r, s := &Repartition{Name: "r"}, &Repartition{Name: "s"}
				a := g.op("merge", g.source("a"), g.add(&Node{Name: "from-s", Source: &Source{Repartition: s}}))
				g.add(&Node{Name: "to-r", Sink: &Sink{Repartition: r}}, a)
				b := g.op("merge", g.source("b"), g.add(&Node{Name: "from-r", Source: &Source{Repartition: r}}))
				g.add(&Node{Name: "to-s", Sink: &Sink{Repartition: s}}, b)
			},
			topics: map[string]int{"a": 4, "b": 2},
			tasks:  []int{4, 4}, counts: map[string]int{"r": 4, "s": 4},
		}, {
			name:   "one that exists keeps its count when its input has grown",
			build:  func(g *nodes) { g.keyed("count", g.repartition("r", 0, g.source("a"))) },
			topics: map[string]int{"a": 8, "app-r-repartition": 4},
			tasks:  []int{8, 4}, counts: map[string]int{"r": 4},
		}, {
			name:   "one that exists has another count than asked for",
			build:  func(g *nodes) { g.repartition("r", 6, g.source("a")) },
			topics: map[string]int{"a": 8, "app-r-repartition": 4},
			err: "main.go:3: repartition topic app-r-repartition has 4 partitions and not 6: ask for 4, or stop all instances, " +
				"let them process what is in the topic, delete it and reset the application",
		}, {
			name:   "a side that is repartitioned takes the other's count",
			build:  func(g *nodes) { g.keyed("join", g.repartition("r", 0, g.source("a")), g.source("b")) },
			topics: map[string]int{"a": 8, "b": 3},
			tasks:  []int{8, 3}, counts: map[string]int{"r": 3},
		}, {
			name: "or the one that was asked for",
			build: func(g *nodes) {
				g.keyed("join", g.repartition("r", 0, g.source("a")), g.repartition("s", 5, g.source("b")))
			},
			topics: map[string]int{"a": 8, "b": 3},
			tasks:  []int{8, 5, 3}, counts: map[string]int{"r": 5, "s": 5},
		}, {
			name: "two sides that are repartitioned take the widest",
			build: func(g *nodes) {
				g.keyed("join", g.repartition("r", 0, g.source("a")), g.repartition("s", 0, g.source("b")))
			},
			topics: map[string]int{"a": 2, "b": 3},
			tasks:  []int{2, 3, 3}, counts: map[string]int{"r": 3, "s": 3},
		}, {
			name: "groups do not care for each other",
			build: func(g *nodes) {
				first := g.keyed("first", g.repartition("r", 0, g.source("a")), g.source("b"))
				g.op("merge", first, g.keyed("second", g.repartition("s", 0, g.source("c")), g.source("d")))
			},
			topics: map[string]int{"a": 9, "b": 2, "c": 9, "d": 4},
			tasks:  []int{9, 4, 9}, counts: map[string]int{"r": 2, "s": 4},
		}, {
			name:   "sides that differ",
			build:  func(g *nodes) { g.keyed("join", g.op("left", g.source("a")), g.source("b", "c")) },
			topics: map[string]int{"a": 4, "b": 8, "c": 4},
			err: "main.go:4: join needs equal keys in equal partitions, but its topics have different numbers of them (4: a, c; 8: b): " +
				"send one side through topology.Repartition with the option Partitions(8)" + tableToo,
		}, {
			name:   "topics of one source that differ",
			build:  func(g *nodes) { g.keyed("count", g.source("a", "b")) },
			topics: map[string]int{"a": 1, "b": 2},
			err: "main.go:2: count needs equal keys in equal partitions, but its topics have different numbers of them (1: a; 2: b): " +
				"send one side through topology.Repartition with the option Partitions(2)" + tableToo,
		}, {
			name:  "topics that do not exist",
			build: func(g *nodes) { g.repartition("r", 0, g.source("a")); g.source("b") },
			err: "main.go:1: topic a does not exist: create it before the application starts\n" +
				"main.go:4: topic b does not exist: create it before the application starts",
		}, {
			name:  "a pattern that matches nothing yet",
			build: func(g *nodes) { g.source("a").Source = &Source{Pattern: "a.*"} },
			tasks: []int{0},
		}, {
			name:  "a repartition topic behind nothing",
			build: func(g *nodes) { a := g.source("a"); a.Source = &Source{Pattern: "a.*"}; g.repartition("r", 0, a) },
			err: "main.go:3: nothing says how many partitions app-r-repartition needs: its inputs have none yet; " +
				"give it the option Partitions",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := &nodes{}
			c.build(g)
			l, err := g.compile(t).Layout(
				func(src *Node) []string { return src.Source.TopicNames("app") },
				func(topic string) (int, bool) { n, ok := c.topics[topic]; return n, ok })
			if err != nil || c.err != "" {
				if diff := cmp.Diff(fmt.Sprint(err), c.err); diff != "" {
					t.Error(diff)
				}
				return
			}
			if diff := cmp.Diff(l.Tasks, c.tasks); diff != "" {
				t.Errorf("tasks: %s", diff)
			}
			if c.counts == nil {
				c.counts = map[string]int{}
			}
			if diff := cmp.Diff(l.Repartitions, c.counts); diff != "" {
				t.Errorf("repartition topics: %s", diff)
			}
		})
	}
}

func TestLayoutListsInputs(t *testing.T) {
	g := &nodes{}
	g.op("merge", g.source("a", "b"), g.repartition("r", 2, g.source("c")))
	l, err := g.compile(t).Layout(
		func(src *Node) []string { return src.Source.TopicNames("app") },
		func(topic string) (int, bool) { return 3, !strings.HasPrefix(topic, "app-") })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for id, inputs := range l.Inputs {
		for _, in := range inputs {
			got = append(got, fmt.Sprintf("%d %s %s %d", id, in.Topic, in.Source.Name, in.Partitions))
		}
	}
	want := []string{"0 a a 3", "0 b a 3", "0 app-r-repartition r-repartition-source 2", "1 c c 3"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Error(diff)
	}
}

// tableToo is the remedy for a side that is a table.
const tableToo = "; a table that is read from a topic is then topology.ToTable of a stream of it, behind that"
