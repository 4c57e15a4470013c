package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/benchmarks/internal/kafka"
	"github.com/millrace-io/millrace/internal/kafkatest"
)

func TestMain(m *testing.M) {
	if spec := os.Getenv(childEnv); spec != "" {
		os.Exit(child(spec))
	}
	os.Exit(kafkatest.Main(m))
}

// TestEverySeries measures each at two small points: the processes check what
// they have counted and restored.
func TestEverySeries(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		dir := t.TempDir()
		file := filepath.Join(dir, "results.json")
		o, err := parseOptions([]string{"-at", "1,3", "-records", "2000", "-seconds", "1",
			"-brokers", strings.Join(b.Addrs, ","), "-dir", dir, "-json", file})
		if err != nil {
			t.Fatal(err)
		}
		var tables, progress strings.Builder
		if err := growth(t.Context(), o, &tables, &progress); err != nil {
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
		points := map[string][]int64{}
		for _, r := range results {
			points[r.Series] = append(points[r.Series], r.At)
			if r.Seconds <= 0 || r.CPU <= 0 {
				t.Errorf("%+v: it took no time", r)
			}
		}
		want := map[string][]int64{"memory": {1, 1, 1, 3, 3, 3}}
		for _, name := range order {
			if want[name] == nil {
				want[name] = []int64{1, 3}
			}
		}
		if diff := cmp.Diff(want, points); diff != "" {
			t.Error(diff)
		}
		if n := strings.Count(tables.String(), "---|\n"); n != len(order) {
			t.Errorf("%d tables, want %d:\n%s", n, len(order), tables.String())
		}
		adm := b.Admin(t)
		kafkatest.WaitFor(t, "end of the benchmark's topics", func() bool {
			topics, err := adm.ListTopics(t.Context())
			return err == nil && !slices.ContainsFunc(topics.Names(), func(n string) bool { return strings.HasPrefix(n, "growth") })
		})
	})
}

func TestFailedPointsAreReportedBesideTheOthers(t *testing.T) {
	o, err := parseOptions([]string{"-only", "keys", "-at", "1,2", "-records", "1000", "-dir", t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	was := *known["keys"]
	defer func() { *known["keys"] = was }()
	known["keys"].prepare = func(_ context.Context, _ *rig, p *point) error {
		if p.At == 1 {
			return errors.New("no such keys")
		}
		return nil
	}
	c, err := kafka.Connect(kafkatest.Fake(t).Addrs)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	g := &rig{options: o, dir: o.dir, cluster: c}
	results, err := g.series(t.Context(), known["keys"], t.Logf)
	if len(results) != 1 || results[0].At != 2 || err == nil || !strings.Contains(err.Error(), "keys at 1: no such keys") {
		t.Errorf("%v, %v", results, err)
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for args, want := range map[string]string{
		"-only keys,size":      "-only size",
		"-at 10,many":          "-at many",
		"-at 0":                "-at 0",
		"-rounds 0":            "at least 1",
		"-only keys unplanned": `unexpected argument "unplanned"`,
	} {
		if _, err := parseOptions(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}

// An order that misses keys would measure fewer of them than it says.
func TestScatteredMeetsEveryKeyOnce(t *testing.T) {
	for _, keys := range []int64{1, 10, 1000, 100_000} {
		seen := map[int64]bool{}
		for i := range keys {
			seen[scattered(i, keys)] = true
		}
		if int64(len(seen)) != keys {
			t.Errorf("%d of %d keys", len(seen), keys)
		}
	}
}

func TestTableShowsMedians(t *testing.T) {
	s := &series{title: "Sizes", axis: "size", settings: budgets, columns: []column{recordsPerSecond, nsPerRecord, peakMB}}
	r := median(result{Series: "sizes", At: 1_000_000, Setting: "disk"}, []sample{
		{Records: 5000, Seconds: 2, CPU: 1, Peak: 7e6}, {Records: 5000, Seconds: 1, CPU: 0.5, Peak: 5e6}, {Records: 5000, Seconds: 9, CPU: 0.25, Peak: 6e6},
	})
	var b strings.Builder
	if err := writeTable(&b, s, []result{r}); err != nil {
		t.Fatal(err)
	}
	want := `
Sizes

| size | state | records/s | CPU ns/record | peak MB |
|---|---|---|---|---|
| 1,000,000 | disk | 2,500 | 100,000 | 6 |
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
