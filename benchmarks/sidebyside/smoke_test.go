package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

// The whole program, small: the systems that need neither Java nor other
// modules pass and count, and what they wrote is read back and checked.
func TestSideBySide(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		dir := t.TempDir()
		file := filepath.Join(dir, "results.json")
		o, err := parseOptions([]string{
			"-records", "20000", "-keys", "1000", "-workloads", "pass,count",
			"-systems", "millrace,franz-go", "-guarantee", "exactly-once,at-least-once",
			"-brokers", strings.Join(b.Addrs, ","), "-dir", dir, "-json", file,
		})
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
		if len(results) != 8 {
			t.Errorf("%d results, want two workloads, two systems and two guarantees", len(results))
		}
		for _, r := range results {
			if r.Records != 20000 || r.CPU == nil || *r.CPU <= 0 {
				t.Errorf("%s: %d records, or no processor time", &r, r.Records)
			}
			// Only a real broker sets append times without transactions.
			if r.RecordsPerSecond == nil && (r.Guarantee == "exactly-once" || b.Fake == nil) {
				t.Errorf("%s: no rate", &r)
			}
		}
		if n := strings.Count(table.String(), "millrace : franz-go"); n != 4 {
			t.Errorf("%d comparisons, want 4:\n%s", n, table.String())
		}
		topics, err := b.Admin(t).ListTopics(t.Context())
		if left := slices.DeleteFunc(topics.Names(), func(n string) bool { return !strings.HasPrefix(n, "bench") }); err != nil || len(left) > 0 {
			t.Errorf("topics left behind: %v, %v", left, err)
		}
	})
}
