package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/benchmarks/internal/program"
	"github.com/millrace-io/millrace/internal/kafkatest"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

// measure runs the whole program, small, and returns its results and its table.
// That the programs count right is checked by the program itself.
func measure(t *testing.T, b *kafkatest.Broker, args ...string) ([]result, string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "results.json")
	o, err := parseOptions(append(args, "-keys", "1000", "-brokers", strings.Join(b.Addrs, ","), "-dir", dir, "-json", file, "-pgo", "off"))
	if err != nil {
		t.Fatal(err)
	}
	var table, progress strings.Builder
	if err := sideBySide(t.Context(), o, &table, &progress); err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var results []result
	if err := json.Unmarshal(text, &results); err != nil {
		t.Fatal(err)
	}
	return results, table.String()
}

// Windows of 10 s hold half a million records each; the grace is that of 50,000.
func TestClosedWindowsAreCounted(t *testing.T) {
	for records, want := range map[int64]int64{1: 0, 550_000: 0, 550_001: 500_000, 1_200_000: 1_000_000} {
		if got := closed(options{records: records}); got != want {
			t.Errorf("%d of %d records are in closed windows, want %d", got, records, want)
		}
	}
}

func TestWindowsAndJoins(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		results, _ := measure(t, b, "-records", "20000", "-workloads", "window,window-hopping,window-close,join", "-systems", "millrace,franz-go")
		if len(results) != 4 {
			t.Errorf("%d results, want four workloads of one system", len(results))
		}
	})
}

// The systems that need neither Java nor other modules.
func TestPassAndCount(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		results, table := measure(t, b, "-records", "20000", "-workloads", "pass,count",
			"-systems", "millrace,franz-go", "-guarantee", "exactly-once,at-least-once")
		if len(results) != 8 {
			t.Errorf("%d results, want two workloads, two systems and two guarantees", len(results))
		}
		for _, r := range results {
			if r.Records != 20000 || r.CPU == nil || *r.CPU <= 0 {
				t.Errorf("%s: %d records, or no processor time", &r, r.Records)
			}
			// Only a real broker sets append times without transactions.
			if r.RecordsPerSecond == nil && (r.Guarantee == program.ExactlyOnce || b.Fake == nil) {
				t.Errorf("%s: no rate", &r)
			}
		}
		if n := strings.Count(table, "millrace : franz-go"); n != 4 {
			t.Errorf("%d comparisons, want 4:\n%s", n, table)
		}
		adm := b.Admin(t)
		kafkatest.WaitFor(t, "end of the benchmark's topics", func() bool {
			topics, err := adm.ListTopics(t.Context())
			return err == nil && !slices.ContainsFunc(topics.Names(), func(n string) bool { return strings.HasPrefix(n, "bench") })
		})
	})
}

func TestRestoreAndLatency(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		results, _ := measure(t, b, "-records", "3000", "-workloads", "restore,latency", "-systems", "millrace,franz-go", "-rates", "3000")
		var got []string
		for _, r := range results {
			got = append(got, fmt.Sprint(r.Workload, " ", r.System, " ", r.Records))
			if r.Workload == "restore" {
				if r.Start == nil || *r.Start <= 0 {
					t.Errorf("%s: it was ready in no time", &r)
				}
				continue
			}
			if r.P50 == nil || r.P99 == nil || r.P999 == nil || *r.P50 <= 0 || *r.P50 > *r.P99 || *r.P99 > *r.P999 {
				t.Errorf("%s: the latencies are not those of a program", &r)
			}
		}
		want := []string{"restore millrace 4000", "latency-3000 millrace 3000", "latency-3000 franz-go 3000"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
