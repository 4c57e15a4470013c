package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMedian(t *testing.T) {
	for _, x := range []struct {
		values []float64
		want   *float64
	}{
		{nil, nil},
		{[]float64{3}, new(3.0)},
		{[]float64{9, 1, 5}, new(5.0)},
		{[]float64{4, 1, 2, 9}, new(3.0)},
	} {
		if diff := cmp.Diff(x.want, median(x.values)); diff != "" {
			t.Errorf("%v: %s", x.values, diff)
		}
	}
}

func TestQuantileIsAValueThatWasMeasured(t *testing.T) {
	var hundred []float64
	for i := range 100 {
		hundred = append(hundred, float64(i+1))
	}
	for _, x := range []struct {
		values []float64
		q      float64
		want   *float64
	}{
		{nil, 0.5, nil},
		{[]float64{7}, 0.5, new(7.0)},
		{[]float64{7}, 0.999, new(7.0)},
		{[]float64{1, 2}, 0.5, new(1.0)},
		{[]float64{1, 2, 3}, 0.5, new(2.0)},
		{hundred, 0.5, new(50.0)},
		{hundred, 0.99, new(99.0)},
		{hundred, 0.999, new(100.0)},
		{hundred, 1, new(100.0)},
	} {
		if diff := cmp.Diff(x.want, quantile(x.values, x.q)); diff != "" {
			t.Errorf("%v of %d values: %s", x.q, len(x.values), diff)
		}
	}
}

func TestMediansAreTakenPerSystemWorkloadAndGuarantee(t *testing.T) {
	run := func(system, workload, guarantee string, rate float64, peak *float64) result {
		return result{System: system, Workload: workload, Guarantee: guarantee, Records: 10, RecordsPerSecond: &rate, Peak: peak}
	}
	got := medians([]result{
		run("a", "pass", "exactly-once", 10.4, nil),
		run("b", "pass", "exactly-once", 1, nil),
		run("a", "pass", "at-least-once", 7, nil),
		run("a", "pass", "exactly-once", 30.4, new(5.0)),
		run("a", "pass", "exactly-once", 20.4, nil),
	})
	want := []result{
		run("a", "pass", "exactly-once", 20, new(5.0)),
		run("b", "pass", "exactly-once", 1, nil),
		run("a", "pass", "at-least-once", 7, nil),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestJSONLeavesOutWhatDoesNotApply(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.json")
	r := result{System: "millrace", Workload: "count", Guarantee: "exactly-once", Records: 3000000,
		RecordsPerSecond: new(712345.0), CPU: new(2.125), Peak: new(268435456.0), Produced: new(0.0), Start: new(0.25)}
	if err := writeJSON(path, []result{r, {System: "goka", Workload: "latency-5000", Guarantee: "at-least-once", Records: 5,
		P50: new(1.5), P99: new(20.0), P999: new(31.0)}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[
  {
    "system": "millrace",
    "workload": "count",
    "guarantee": "exactly-once",
    "records": 3000000,
    "records_per_second": 712345,
    "cpu_seconds_per_million": 2.125,
    "peak_rss_bytes": 268435456,
    "produced_bytes": 0,
    "start_seconds": 0.25
  },
  {
    "system": "goka",
    "workload": "latency-5000",
    "guarantee": "at-least-once",
    "records": 5,
    "p50_ms": 1.5,
    "p99_ms": 20,
    "p999_ms": 31
  }
]
`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
}

func TestJSONOfNoResultsIsAnEmptyList(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.json")
	if err := writeJSON(path, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	var list []result
	if err != nil || json.Unmarshal(text, &list) != nil || list == nil || len(list) != 0 {
		t.Errorf("%q, %v", text, err)
	}
}
