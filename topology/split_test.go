package topology_test

import (
	"strings"
	"testing"

	"github.com/millrace-io/millrace/topology"
)

func below(limit string) func(string, string) bool {
	return func(_, v string) bool { return v < limit }
}

func TestFirstBranchThatTakesARecordGetsIt(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	sp := in.Split(topology.Name("sizes"))
	topology.To(sp.Branch("low", below("h")), "low")
	topology.To(sp.Default("rest"), "rest") // it is asked last, whenever it is added
	topology.To(sp.Branch("mid", below("p")), "mid")
	r := run(t, b)
	r.want("k=a@1", "low k=a@1")
	r.want("k=k@2", "mid k=k@2")
	r.want("~=z@3", "rest ~=z@3")
	r.want("k=~@4", "")
	if got, want := r.drops(), "sizes null_value 1"; got != want {
		t.Errorf("dropped %q, want %q", got, want)
	}
	text := r.graph.Describe()
	for _, want := range []string{"sizes.low", "sizes.rest", "sizes.mid", "low, rest, mid"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// A branch that nothing reads takes its records all the same.
func TestBranchThatIsNotReadKeepsItsRecordsFromOthers(t *testing.T) {
	b := topology.New()
	sp := topology.Stream[string, string](b, "in").Split()
	sp.Branch("low", below("h"))
	topology.To(sp.Default("rest"), "rest")
	r := run(t, b)
	r.want("k=a@1", "")
	r.want("k=z@2", "rest k=z@2")
	if got := r.drops(); got != "" {
		t.Errorf("dropped %q", got)
	}
}

// Every branch knows the serdes of the stream, and whether its keys are new.
func TestBranchesAreWhatTheStreamWas(t *testing.T) {
	b := topology.New()
	in := topology.SelectKey(topology.Stream[string, string](b, "in"), func(_, v string) string { return v })
	sp := in.Split()
	topology.To(topology.Count(topology.GroupByKey(sp.Branch("low", below("h"))), "lows").ToStream(), "low")
	r := run(t, b)
	if n := len(r.graph.Subtopologies); n != 2 {
		t.Errorf("%d subtopologies: the keys have changed, so that counting needs a repartition topic", n)
	}
}
