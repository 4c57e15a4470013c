package metrics

import (
	"bytes"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// sums returns the value of every series; of histograms, the number of
// observations. Names are without the namespace.
func sums(t testing.TB, g prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				if l.GetName() != "app" {
					labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
				}
			}
			name := strings.TrimPrefix(f.GetName(), namespace+"_") + "{" + strings.Join(labels, ",") + "}"
			all[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return all
}

// A field that is bound to the wrong series, or to none, would show for years
// as a plausible number: so each is raised alone, and the series that moves is
// recorded beside its name.
func TestEachFieldMovesItsOwnSeries(t *testing.T) {
	r, reg := registered(t, wordcount())
	var b bytes.Buffer
	before := sums(t, reg)
	visit := func(path string, raise func()) {
		raise()
		after := sums(t, reg)
		var moved []string
		for name, v := range after {
			if v != before[name] {
				moved = append(moved, fmt.Sprintf("%s %+g", name, v-before[name]))
			}
		}
		if len(moved) != 1 {
			t.Errorf("%s moves %d series: %v", path, len(moved), moved)
		}
		before = after
		fmt.Fprintf(&b, "%-52s %s\n", path, strings.Join(moved, ", "))
	}
	eachField("", reflect.ValueOf(r).Elem(), visit)
	eachField("Subtopology(1).", reflect.ValueOf(r.Subtopology(1)).Elem(), visit)
	for _, reason := range reasons {
		visit("Subtopology(1).Dropped("+reason+")", func() { r.Subtopology(1).Dropped(reason).Add(3) })
	}
	eachField("Store(counts).", reflect.ValueOf(r.Store("counts")).Elem(), visit)
	// This one is read and written.
	eachField("Topic(wordcount-counts-repartition).", reflect.ValueOf(r.Topic("wordcount-counts-repartition")).Elem(), visit)
	golden(t, filepath.Join("testdata", "fields.txt"), b.Bytes())
}

// eachField calls visit for each exported field of v, and of the structs in
// it, that can be raised: by 3, or by 3 seconds, or by one observation.
func eachField(path string, v reflect.Value, visit func(path string, raise func())) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		name := path + f.Name
		switch x := v.Field(i).Addr().Interface().(type) {
		case *Counter:
			visit(name, func() { x.Add(3) })
		case *Seconds:
			visit(name, func() { x.Add(3 * time.Second) })
		case *Timestamp:
			visit(name, func() { x.Set(time.Unix(3, 0)) })
		case *Histogram:
			visit(name, func() { x.Observe(time.Second) })
		default:
			eachField(name+".", v.Field(i), visit)
		}
	}
}

// An alert on a series that appears with the first error never fires for it.
func TestSeriesExistBeforeAnythingHappens(t *testing.T) {
	_, reg := registered(t, wordcount())
	fresh := sums(t, reg)
	for _, name := range []string{
		`errors_total{action="dlq",stage="decode"}`,
		`errors_total{action="fail",stage="restore"}`,
		`commits_total{outcome="fenced"}`,
		`records_dropped_total{reason="late",subtopology="0"}`,
		`dead_letter_records_total{topic="lines"}`,
		`records_produced_total{topic="totals"}`,
		`record_e2e_latency_seconds{topic="totals"}`,
		`paused_partitions{topic="lines"}`,
		`restore_remaining_records{role="active",store="counts"}`,
		`store_operations_total{op="range",store="counts"}`,
		`tasks{role="restoring",subtopology="1"}`,
		`workers{state="failed"}`,
		`last_commit_timestamp_seconds{}`,
		`transaction_records{}`,
	} {
		if v, ok := fresh[name]; !ok || v != 0 {
			t.Errorf("%s: %v, exists %v", name, v, ok)
		}
	}
	for name, v := range fresh {
		one := strings.HasPrefix(name, "build_info") || strings.HasPrefix(name, "topology_info") || name == `app_state{state="created"}`
		if one != (v == 1) || v > 1 {
			t.Errorf("%s = %v", name, v)
		}
	}
	if _, ok := fresh[`records_produced_total{topic="lines"}`]; ok {
		t.Error("a topic that is only read has a counter of records produced")
	}
}

func TestNoLabelComesFromBrokersOrUserCode(t *testing.T) {
	r, reg := registered(t, wordcount())
	// A pattern matches more and more topics; a processor invents reasons; the
	// state folder holds stores of an earlier topology.
	for i := range 100 {
		name := fmt.Sprintf("tenant-%d", i)
		r.Topic(name).Consumed.Add(2)
		r.Topic(name).Latency.Observe(time.Second)
		r.Subtopology(0).Dropped(name).Inc()
		r.Store(name).Restored.Inc()
		r.Error(name, name)
		r.Retry(name)
	}
	r.OnScrape(func(l *Live) {
		for i := range 100 {
			name := fmt.Sprintf("tenant-%d", i)
			l.AddPartition(name, int32(i%2), 3, true)
			l.AddStore(name, 1, 1)
			l.AddRestore(name, 1)
		}
	})
	got := sums(t, reg)
	for name, want := range map[string]float64{
		`records_consumed_total{topic="other"}`:                   200,
		`partition_lag_records{partition="0",topic="other"}`:      150,
		`partition_lag_records{partition="1",topic="other"}`:      150,
		`paused_partitions{topic="other"}`:                        100,
		`records_dropped_total{reason="skipped",subtopology="0"}`: 100,
		`restore_remaining_records{role="active",store="counts"}`: 0,
	} {
		if got[name] != want {
			t.Errorf("%s = %v, want %v", name, got[name], want)
		}
	}
	for name := range got {
		if strings.Contains(name, "tenant") {
			t.Errorf("series %s", name)
		}
	}
}

func TestTimestampsNeverGoBack(t *testing.T) {
	r, reg := registered(t, wordcount())
	for _, s := range []int64{100, 300, 200} {
		r.LastCommit.Set(time.Unix(s, 0))
	}
	if got := sums(t, reg)["last_commit_timestamp_seconds{}"]; got != 300 {
		t.Errorf("last commit at %v, want 300", got)
	}
}

func TestTransactionsAreMeasuredInRecordsAndSeconds(t *testing.T) {
	r, reg := registered(t, wordcount())
	r.Transaction(1500, 80*time.Millisecond)
	r.Transaction(0, 20*time.Millisecond)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			got[f.GetName()] = m.GetHistogram().GetSampleSum()
			if n := m.GetHistogram().GetSampleCount(); strings.Contains(f.GetName(), "_transaction_") && n != 2 {
				t.Errorf("%s: %d observations, want 2", f.GetName(), n)
			}
		}
	}
	if got["millrace_transaction_records"] != 1500 || got["millrace_transaction_duration_seconds"] != 0.1 {
		t.Errorf("%v records in %v s, want 1500 in 0.1", got["millrace_transaction_records"], got["millrace_transaction_duration_seconds"])
	}
}

func TestTopicsAndStoresNamedTwiceAreOne(t *testing.T) {
	info := wordcount()
	info.Sources = append(info.Sources, "lines")
	info.Sinks = append(info.Sinks, "totals", "lines")
	info.Stores = append(info.Stores, "counts")
	r, reg := registered(t, info)
	r.Topic("lines").Consumed.Add(4)
	r.Topic("lines").Produced.Add(5)
	got := sums(t, reg)
	if got[`records_consumed_total{topic="lines"}`] != 4 || got[`records_produced_total{topic="lines"}`] != 5 {
		t.Errorf("consumed %v and produced %v, want 4 and 5", got[`records_consumed_total{topic="lines"}`], got[`records_produced_total{topic="lines"}`])
	}
}

// What runs after every batch or call must leave no garbage behind.
func TestHotCallsDoNotAllocate(t *testing.T) {
	r := New(wordcount())
	s, topic, store := r.Subtopology(1), r.Topic("lines"), r.Store("counts")
	late := s.Dropped("late")
	calls := func() {
		s.Processed.Add(100)
		s.ProcessTime.Observe(20 * time.Microsecond)
		late.Inc()
		topic.Consumed.Add(100)
		store.Operations.Get.Add(100)
		r.WorkerTime.Process.Add(time.Millisecond)
		r.Commits.OK.Inc()
		r.CommitTime.Flush.Observe(3 * time.Millisecond)
		r.LastCommit.Set(time.UnixMilli(1_700_000_000_000))
		r.Transaction(100, 50*time.Millisecond)
		r.Error("process", "skip")
		r.Retry("produce")
	}
	calls() // makes the native buckets
	if n := testing.AllocsPerRun(100, calls); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestVersionDefaultsToThatOfTheProgram(t *testing.T) {
	info := wordcount()
	info.Version = ""
	_, reg := registered(t, info)
	for name := range sums(t, reg) {
		if strings.HasPrefix(name, "build_info") && strings.Contains(name, `version=""`) {
			t.Error(name)
		}
	}
}
