package joins_test

import (
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/topology"
)

// Equal keys of all tables have to be in one task.
func TestTablesNeedEqualPartitionCounts(t *testing.T) {
	for name, build := range map[string]func(b *topology.Builder){
		"two tables": joinTwo(), "three tables": joinThree, "a stream": enriched,
	} {
		b := topology.New()
		build(b)
		g, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		counts := map[string]int{"in": 3, "a": 3, "b": 4, "c": 3}
		_, err = g.Layout(func(src *graph.Node) []string { return src.Source.Topics },
			func(topic string) (int, bool) { return counts[topic], true })
		if err == nil || !strings.Contains(err.Error(), "; 4: b)") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

// However many tables there are, a stream whose keys have changed goes through
// one topic.
func TestEnrichedStreamGoesThroughOneTopic(t *testing.T) {
	b := topology.New()
	y, z := numbers(b, "b"), numbers(b, "c")
	byValue := topology.SelectKey(topology.Stream[int64, int64](b, "in"), func(_, v int64) int64 { return v })
	joins.Enrich(byValue, "sums", func(_, v int64) sums { return sums{a: v} },
		joins.Required(y, func(s *sums, v int64) { s.b = v }), joins.Optional(z, func(s *sums, v int64) { s.c = v }))
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	var topics []string
	for _, n := range g.Nodes {
		if n.Sink != nil && n.Sink.Repartition != nil {
			topics = append(topics, n.Sink.Repartition.Name)
		}
	}
	if len(topics) != 1 || topics[0] != "sums" {
		t.Errorf("repartition topics %v", topics)
	}
}

func TestMistakesInTableJoins(t *testing.T) {
	for want, build := range map[string]func(b, other *topology.Builder){
		"the function is nil": func(b, _ *topology.Builder) {
			joins.InnerTables[int64, int64, int64, int64](numbers(b, "a"), numbers(b, "b"), nil)
		},
		"the function of a part is nil": func(b, _ *topology.Builder) {
			joins.Tables("t", joins.Required[int64, int64, sums](numbers(b, "a"), nil), joins.Optional(numbers(b, "b"), func(*sums, int64) {}))
		},
		"belong to different builders": func(b, other *topology.Builder) {
			joins.InnerTables(numbers(b, "a"), numbers(other, "b"), func(_, l, r int64) int64 { return l + r })
		},
		"takes option Unlogged for its store only": func(b, _ *topology.Builder) {
			joins.InnerTables(numbers(b, "a"), numbers(b, "b"), func(_, l, r int64) int64 { return l + r }, topology.Unlogged())
		},
	} {
		b := topology.New()
		build(b, topology.New())
		if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "_test.go:") {
			t.Errorf("the error is %v, want %s", err, want)
		}
	}
}
