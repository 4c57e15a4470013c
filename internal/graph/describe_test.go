package graph

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/processor"
)

// described has one of everything that Describe knows.
func described() *nodes {
	g := &nodes{}
	left := g.source("orders", "returns")
	right := g.add(&Node{Name: "prices", Op: "source", Detail: "serdes string, json", Source: &Source{Pattern: "^price-.*$"}})
	split := g.op("split", left)
	split.Out = append(split.Out, NewPort[string, Change[processor.Maybe[Meta]]]())
	join := g.keyed("join", split, right)
	join.In[0].Port = 1
	join.In[1].In = 1
	g.store("window", join)
	g.stores["window"].Logged = false
	counts := g.keyed("counts", g.repartition("counts", 0, join))
	g.store("counts", counts)
	g.stores["counts"].Detail = "serdes string, int64"
	g.sink("totals", counts)
	return g
}

func TestDescribe(t *testing.T) {
	const want = `subtopology 0
  orders                   source  orders, returns     string, string
  prices                   source  pattern ^price-.*$  string, string  serdes string, json
  split                    op      orders              string, string
  join                     op      split.1, prices     string, string  stores window
  counts-repartition-sink  sink    join                string, string  -> <app>-counts-repartition
  window                   store                       string, int64   not logged
  co-partitioned: orders, prices

subtopology 1
  counts-repartition-source  source  <app>-counts-repartition   string, string
  counts                     op      counts-repartition-source  string, string  stores counts
  to-totals                  sink    counts                     string, string  -> totals
  counts                     store                              string, int64   logged; serdes string, int64

types
  processor.Header
    Key    string
    Value  []uint8
  processor.Maybe[graph.Meta]
    Value  graph.Meta
    OK     bool
`
	got := described().compile(t).Describe()
	if diff := cmp.Diff(got, want); diff != "" {
		t.Error(diff)
	}
}

func TestHashFollowsTheTopologyAndNotTheCode(t *testing.T) {
	hash := func(change func(g *nodes)) string {
		g := described()
		change(g)
		return g.compile(t).Hash()
	}
	same := hash(func(*nodes) {})
	if len(same) != 16 {
		t.Errorf("hash %q", same)
	}
	if moved := hash(func(g *nodes) { g.list[0].Line = "other.go:7" }); moved != same {
		t.Error("another place in the code changes the hash")
	}
	// Instances may differ in it while a new version is rolled out.
	if grown := hash(func(g *nodes) { g.list[0].Out[0].Types = TypesOf[string, processor.Header]() }); grown != same {
		t.Error("a field of a struct changes the hash")
	}
	for name, change := range map[string]func(g *nodes){
		"topic":        func(g *nodes) { g.list[0].Source.Topics[1] = "refunds" },
		"type":         func(g *nodes) { g.list[0].Out[0] = NewPort[int64, string]() },
		"edge":         func(g *nodes) { g.list[3].In[0].Port = 0 },
		"store":        func(g *nodes) { g.stores["window"].Logged = true },
		"detail":       func(g *nodes) { g.list[1].Detail = "serdes string, avro" },
		"co-partition": func(g *nodes) { g.list[3].CoPartition = false },
	} {
		if hash(change) == same {
			t.Errorf("another %s does not change the hash", name)
		}
	}
}

func TestStatusHoldsWhatIsDescribed(t *testing.T) {
	g := described().compile(t)
	s := g.Status()
	if s.Hash != g.Hash() || len(s.Subtopologies) != 2 {
		t.Fatalf("hash %s, %d subtopologies", s.Hash, len(s.Subtopologies))
	}
	first := s.Subtopologies[0]
	if e := first.Edges[1]; e.From != "split" || e.To != "join" || e.Port != 1 || e.Value != "change of processor.Maybe[graph.Meta]" {
		t.Errorf("edge %+v", e)
	}
	if e := first.Edges[2]; e.From != "prices" || e.Input != 1 {
		t.Errorf("edge %+v", e)
	}
	if n := first.Nodes[4]; !n.Internal || n.Topics[0] != "counts" || n.Value != "string" || n.Line != "main.go:5" {
		t.Errorf("node %+v", n)
	}
	if st := first.Stores[0]; st.Name != "window" || st.Logged || st.Value != "int64" {
		t.Errorf("store %+v", st)
	}
	if diff := cmp.Diff(first.CoPartitioned, [][]string{{"orders", "prices"}}); diff != "" {
		t.Error(diff)
	}
}

func TestNamesOfTypesHaveNoPaths(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{TypeName[string](), "string"},
		{TypeName[[]byte](), "[]uint8"},
		{TypeName[processor.Header](), "processor.Header"},
		{TypeName[processor.Maybe[*Meta]](), "processor.Maybe[*graph.Meta]"},
		{TypeName[map[processor.Maybe[Edge]][]processor.Record[string, *Edge]](),
			"map[processor.Maybe[graph.Edge]][]processor.Record[string,*graph.Edge]"},
		{TypeName[func(Meta) (processor.Action, error)](), "func(graph.Meta) (processor.Action, error)"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func TestNamesOfInternalTopics(t *testing.T) {
	if got := ChangelogTopic("shop", "counts"); got != "shop-counts-changelog" {
		t.Error(got)
	}
	source := Source{Repartition: &Repartition{Name: "by-user"}}
	sink := Sink{Repartition: source.Repartition}
	if from, to := source.TopicNames("shop"), sink.TopicName("shop"); len(from) != 1 || from[0] != to || to != "shop-by-user-repartition" {
		t.Error(from, to)
	}
	source, sink = Source{Topics: []string{"a", "b"}}, Sink{Topic: "c"}
	if from, to := source.TopicNames("shop"), sink.TopicName("shop"); len(from) != 2 || from[1] != "b" || to != "c" {
		t.Error(from, to)
	}
}
