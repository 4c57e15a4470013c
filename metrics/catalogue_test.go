package metrics

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

var update = flag.Bool("update", false, "rewrite testdata and the table of docs/metrics.md")

// open are the labels whose values come from the topology or the build. All
// others have a closed list of values, which is part of the catalogue.
var open = []string{"version", "goversion", "hash", "guarantee", "subtopology", "topic", "partition", "store"}

// entry is a family with the values of its closed labels.
type entry struct {
	*family
	labels []string // "topic" or "outcome=aborted|fenced|ok|timeout"
}

// entries lists the catalogue by name, with label values from a scrape.
func entries(t *testing.T) []entry {
	r, reg := registered(t, wordcount())
	r.OnScrape(busy)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string]map[string]bool) // by name and label
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				k := f.GetName() + " " + l.GetName()
				if values[k] == nil {
					values[k] = make(map[string]bool)
				}
				values[k][l.GetValue()] = true
			}
		}
	}
	var all []entry
	for _, f := range catalogue {
		e := entry{family: f}
		for _, l := range f.labels {
			seen := values[f.fullName()+" "+l]
			if len(seen) == 0 {
				t.Errorf("%s: no series with label %s", f.name, l)
			}
			if !slices.Contains(open, l) {
				l += "=" + strings.Join(slices.Sorted(maps.Keys(seen)), "|")
			}
			e.labels = append(e.labels, l)
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return all
}

// A name, a type or a label that changes breaks somebody's dashboard: the diff
// of this file is what a reviewer looks at.
func TestCatalogueIsAsRecorded(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# Every metric also has the label app. Made by go test ./metrics -update.\n")
	for _, e := range entries(t) {
		fmt.Fprintf(&b, "\n%s %s {%s}\n\t%s\n", e.fullName(), e.kind, strings.Join(e.labels, ", "), e.help)
	}
	golden(t, filepath.Join("testdata", "catalogue.txt"), b.Bytes())
}

func TestDocsListTheCatalogue(t *testing.T) {
	const begin, end = "<!-- catalogue: made by go test ./metrics -update -->\n", "<!-- end of catalogue -->\n"
	path := filepath.Join("..", "docs", "metrics.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(page), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has lost the comments around its table:\n%s%s", path, begin, end)
	}
	var b bytes.Buffer
	b.WriteString(head + begin + "| metric | type | labels | meaning |\n|---|---|---|---|\n")
	for _, e := range entries(t) {
		labels := strings.ReplaceAll(strings.Join(e.labels, "; "), "|", ", ")
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.fullName(), e.kind, strings.ReplaceAll(labels, "=", ": "), e.help)
	}
	fmt.Fprintf(&b, "\nAn instance with 3 subtopologies, 6 source topics of 3 partitions each, 4 sink topics and 5 stores has %d\n", typicalSeries(t))
	b.WriteString("series, classic buckets counted.\n" + end + tail)
	golden(t, path, b.Bytes())
}

func TestNamesPassPromlint(t *testing.T) {
	r, reg := registered(t, wordcount())
	r.OnScrape(busy)
	problems, err := testutil.GatherAndLint(reg)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestEveryHistogramHasNineClassicBuckets(t *testing.T) {
	for _, f := range catalogue {
		if f.kind == kindHistogram && (len(f.buckets) != 9 || !slices.IsSorted(f.buckets)) {
			t.Errorf("%s: buckets %v", f.name, f.buckets)
		}
	}
}

// typicalSeries is the number of series that a server stores for an instance
// with 3 subtopologies, 6 source topics of 3 partitions each, 4 sink topics
// and 5 stores.
func typicalSeries(t *testing.T) int {
	sources := []string{"a", "b", "c", "d", "e", "f"}
	r, reg := registered(t, Info{
		App: "typical", Subtopologies: 3, Sources: sources,
		Sinks: []string{"w", "x", "y", "z"}, Stores: []string{"1", "2", "3", "4", "5"},
	})
	r.OnScrape(func(l *Live) {
		for id := range 3 {
			l.AddStreamTime(id, 0)
		}
		for _, topic := range sources {
			for p := range int32(3) {
				l.AddPartition(topic, p, 0, false)
			}
		}
	})
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			n++
			if h := m.GetHistogram(); h != nil {
				n += len(h.GetBucket()) + 2 // the bucket +Inf, the sum and the count in place of one
			}
		}
	}
	return n
}

// golden compares got with a file, or rewrites it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); go test ./metrics -update rewrites it:\n%s", path, diff)
	}
}

// busy is an instance in the middle of its work, every number a different one.
func busy(l *Live) {
	l.State = "running"
	l.Workers.Idle, l.Workers.Running, l.Workers.Stopping, l.Workers.Failed = 1, 2, 3, 4
	l.TransactionsInFlight = 5
	l.EntriesBytes.Clean, l.EntriesBytes.Dirty, l.EntriesBytes.Frozen = 100, 200, 300
	l.MemoryBytes.Memtable, l.MemoryBytes.BlockCache, l.MemoryBytes.TableIndex = 1000, 2000, 3000
	l.BlockCache.Hits, l.BlockCache.Misses = 70, 30
	l.CompactionDebtBytes, l.WriteStallSeconds = 4000, 0.25

	// Subtopology 0 has read both of its partitions, one of subtopology 1
	// waits for its state.
	l.AddTask(0, false)
	l.AddTask(0, false)
	l.AddTask(1, false)
	l.AddTask(1, true)
	l.AddBuffered(0, 10, 1500)
	l.AddBuffered(0, 1, 150)
	l.AddStreamTime(0, 1_700_000_002_500)
	l.AddStreamTime(0, 1_700_000_001_500)
	l.AddStreamTime(0, -1)
	l.AddStreamTime(1, -1)
	l.AddPartition("lines", 0, 7, false)
	l.AddPartition("lines", 1, 8, true)
	l.AddPartition("lines", 2, -1, true)
	l.AddWatermark("lines", 0, 1_700_000_000_000)
	l.AddStore("counts", 600, 6000)
	l.AddStore("counts", 66, 666)
	l.AddRestore("counts", 40)
	l.AddRestore("counts", 2)
}

var _ prometheus.Collector = (*Recorder)(nil)
