package metrics

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// wordcount is the application that most tests measure.
func wordcount() Info {
	return Info{
		App: "wordcount", Version: "v0.1.0", Guarantee: "exactly_once", TopologyHash: "9c1e",
		Subtopologies: 2,
		Sources:       []string{"lines", "wordcount-counts-repartition"},
		Sinks:         []string{"wordcount-counts-repartition", "totals"},
		Stores:        []string{"counts"},
		Globals:       []string{"rates"},
	}
}

// expect compares the families whose names are given with their text format.
func expect(t testing.TB, g prometheus.Gatherer, want string, names ...string) {
	t.Helper()
	if err := testutil.GatherAndCompare(g, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}

func registered(t testing.TB, info Info) (*Recorder, *prometheus.Registry) {
	t.Helper()
	r, reg := New(info), prometheus.NewPedanticRegistry()
	if err := r.Register(reg); err != nil {
		t.Fatal(err)
	}
	return r, reg
}
