package streamstest_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/streamstest"
)

var steps = []streamstest.Step{
	streamstest.BeforeCommit, streamstest.AfterFreeze, streamstest.AfterProduce, streamstest.AfterEnd, streamstest.AfterApply,
}

// disk is a backend in a folder per instance.
func disk(t interface{ TempDir() string }) func(int) state.Backend {
	dir := t.TempDir()
	return func(instance int) state.Backend { return lsm.Dir(fmt.Sprintf("%s/%d", dir, instance)) }
}

// A crash at any step of the commit of one record shows in nothing.
func TestExactlyOnceHidesEveryCrash(t *testing.T) {
	for _, step := range steps {
		for _, where := range []string{"memory", "disk"} {
			cfg := streamstest.Config{}
			if where == "disk" {
				cfg.State = disk(t)
			}
			d := streamstest.New(t, wordCount(), cfg)
			lines := streamstest.In[string, string](d, "lines")
			totals := streamstest.Out[string, int64](d, "totals")
			lines.PipeAt("", "to be", 1)
			d.CrashAt(step)
			lines.PipeAt("", "or not be", 2)
			if d.Crashing() {
				t.Fatalf("%s, %s: no commit came by", step, where)
			}
			lines.PipeAt("", "to", 3)
			const want = "to=1@1, be=1@1, or=1@2, not=1@2, be=2@2, to=2@3"
			if got := totals.Text(); got != want {
				t.Errorf("%s, %s:\n got %s\nwant %s", step, where, got, want)
			}
			wantCounts := map[string]int64{"to": 2, "be": 2, "or": 1, "not": 1}
			if diff := cmp.Diff(wantCounts, maps.Collect(streamstest.Store[string, int64](d, "counts").All())); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", step, where, diff)
			}
		}
	}
}

// Between outputs and offsets a crash makes at least once repeat; the state
// counts twice what the changelog had already.
func TestAtLeastOnceRepeatsWhatItCouldNotCommit(t *testing.T) {
	for _, step := range steps {
		d := streamstest.New(t, wordCount(), streamstest.Config{AtLeastOnce: true})
		lines := streamstest.In[string, string](d, "lines")
		totals := streamstest.Out[string, int64](d, "totals")
		d.CrashAt(step)
		lines.PipeAt("", "to be", 1)
		want := "to=1@1, be=1@1"
		if step == streamstest.AfterProduce {
			want += ", to=2@1, be=2@1" // the line was split twice
		}
		if got := totals.Text(); got != want {
			t.Errorf("%s: got %s, want %s", step, got, want)
		}
	}
}

func TestUncommittedOutputsAreInvisible(t *testing.T) {
	d := streamstest.New(t, wordCount(), streamstest.Config{ManualCommit: true})
	lines := streamstest.In[string, string](d, "lines")
	totals := streamstest.Out[string, int64](d, "totals")
	counts := streamstest.Store[string, int64](d, "counts")
	lines.PipeAt("", "to be", 1)
	lines.PipeAt("", "be", 1)
	if totals.Len() != 0 || counts.Len() != 0 {
		t.Errorf("before the commit: %s in totals, %d counts", totals.Text(), counts.Len())
	}
	d.Crash()
	d.Commit()
	if got, want := totals.Text(), "to=1@1, be=1@1, be=2@1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// One commit logs each key once.
	log := streamstest.Out[string, int64](d, d.ChangelogTopic("counts"))
	if got, want := log.Text(), "to=1@1, be=2@1"; got != want {
		t.Errorf("changelog: got %s, want %s", got, want)
	}
}

// Tasks go to instances that live, and their state with them.
func TestTasksMoveBetweenInstances(t *testing.T) {
	for _, where := range []string{"memory", "disk"} {
		cfg := streamstest.Config{Instances: 3, Partitions: map[string]int{"lines": 4}}
		if where == "disk" {
			cfg.State = disk(t)
		}
		d := streamstest.New(t, wordCount(), cfg)
		lines := streamstest.In[string, string](d, "lines")
		counts := streamstest.Store[string, int64](d, "counts")
		text := "a b c d e f g h i j"
		for n := range int64(20) {
			switch n % 5 {
			case 0:
				d.Crash(int(n/5) % 3)
			case 1:
				d.Rebalance(3 - int(n)%2)
			case 2:
				d.CrashAt(steps[n/5], 0, 1)
			case 3:
				d.Restart()
			}
			lines.To(int32(n%4)).Pipe("", text)
			for _, word := range strings.Fields(text) {
				if got, ok := counts.Get(word); got != n+1 || !ok {
					t.Fatalf("%s: %s was counted %d times after %d lines", where, word, got, n+1)
				}
			}
			if n%5 == 2 || n%5 == 3 {
				d.Rebalance(3)
			}
		}
	}
}

// Whatever crashes when: what is committed in the end is what comes out of a
// run without crashes, in the same order for each key.
func TestRandomCrashesShowInNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		partitions := map[string]int{"lines": rapid.IntRange(1, 3).Draw(t, "partitions"), "totals": 2}
		type line struct {
			text string
			time int64
		}
		input := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) line {
			return line{
				rapid.StringMatching(`([a-e] ){0,5}`).Draw(t, "text"),
				rapid.Int64Range(0, 20).Draw(t, "time"),
			}
		}), 1, 12).Draw(t, "lines")

		run := func(cfg streamstest.Config, between func(d *streamstest.Driver)) (outputs map[string]string, counts map[string]int64) {
			cfg.Partitions = partitions
			d := streamstest.New(t, wordCount(), cfg)
			defer d.Close()
			lines := streamstest.In[string, string](d, "lines")
			totals := streamstest.Out[string, int64](d, "totals")
			for i, l := range input {
				between(d)
				lines.To(int32(i%partitions["lines"])).PipeAt("", l.text, l.time)
				d.Commit() // or lines of different partitions overtake one another
			}
			outputs = map[string]string{}
			for _, r := range totals.All() {
				outputs[r.Key] += r.String() + " "
			}
			return outputs, maps.Collect(streamstest.Store[string, int64](d, "counts").All())
		}
		wantOut, wantCounts := run(streamstest.Config{}, func(*streamstest.Driver) {})
		gotOut, gotCounts := run(streamstest.Config{
			Instances: rapid.IntRange(1, 3).Draw(t, "instances"), ManualCommit: rapid.Bool().Draw(t, "manual"),
		}, func(d *streamstest.Driver) {
			switch rapid.IntRange(0, 3).Draw(t, "event") {
			case 0:
				d.CrashAt(rapid.SampledFrom(steps).Draw(t, "step"))
			case 1:
				d.Crash()
			case 2:
				d.Restart()
			}
		})
		if diff := cmp.Diff(wantOut, gotOut); diff != "" {
			t.Errorf("outputs (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(wantCounts, gotCounts); diff != "" {
			t.Errorf("counts (-want +got):\n%s", diff)
		}
	})
}
