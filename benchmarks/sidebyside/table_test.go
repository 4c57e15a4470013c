package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var sample = []result{
	{System: "millrace", Workload: "count", Guarantee: "exactly-once", Records: 100,
		RecordsPerSecond: new(700000.0), CPU: new(2.0), Peak: new(300e6), Start: new(0.5)},
	{System: "kafka-streams", Workload: "count", Guarantee: "exactly-once", Records: 100,
		RecordsPerSecond: new(87500.0), CPU: new(20.0), Peak: new(1200e6), Start: new(2.5)},
	{System: "goka", Workload: "count", Guarantee: "at-least-once", Records: 100,
		RecordsPerSecond: new(60000.0), CPU: new(26.84)},
	{System: "millrace", Workload: "latency-5000", Guarantee: "exactly-once", Records: 100,
		P50: new(6.5), P99: new(21.25), P999: new(100.4)},
}

func TestTable(t *testing.T) {
	var b strings.Builder
	if err := writeTable(&b, sample); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(b.String()) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		"workload guarantee system records/s CPU s/million peak MB produced MB p50 ms p99 ms p99.9 ms start s",
		"count exactly-once millrace 700000 2.00 300 - - - - 0.500",
		"count exactly-once kafka-streams 87500 20.0 1200 - - - - 2.50",
		"millrace : kafka-streams 8.00x 0.100x 0.250x - - - - 0.200x",
		"millrace : goka, at-least-once 11.7x 0.075x - - - - - -",
		"count at-least-once goka 60000 26.8 - - - - - -",
		"latency-5000 exactly-once millrace - - - - 6.50 21.2 100 -",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A peer that offers the guarantee is compared with that one alone.
func TestPeersAreComparedUnderTheSameGuaranteeIfTheyHaveIt(t *testing.T) {
	peer := func(guarantee string, rate float64) result {
		return result{System: "franz-go", Workload: "pass", Guarantee: guarantee, RecordsPerSecond: &rate}
	}
	own := result{System: "millrace", Workload: "pass", Guarantee: "exactly-once", RecordsPerSecond: new(10.0)}
	results := []result{own, peer("exactly-once", 20), peer("at-least-once", 40)}
	list := comparisons(groups(results)[0], results)
	if len(list) != 1 || *list[0].ratios[0] != 0.5 {
		t.Errorf("%+v, want one comparison, 0.5", list)
	}
}
