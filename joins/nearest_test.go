package joins_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// told is a record of the tests: what tells it from others is its number.
type told struct {
	topic, key string
	n          int
	ms         int64
}

func (r told) String() string { return fmt.Sprint(r.topic, r.n) }

// disordered draws records of some topics, none of which is later than the grace.
func disordered(t *rapid.T, grace int64, topics ...string) (records []told) {
	now := int64(100)
	for n := range rapid.IntRange(1, 60).Draw(t, "records") {
		r := told{
			topic: rapid.SampledFrom(topics).Draw(t, "topic"), key: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "key"),
			n: n, ms: now - rapid.Int64Range(0, grace).Draw(t, "late") + rapid.SampledFrom([]int64{0, 0, 1, 5, 30}).Draw(t, "step"),
		}
		now = max(now, r.ms)
		records = append(records, r)
	}
	return records
}

// results runs a topology over records and one from long after them, with commits
// and crashes at any place, and returns what topic out has in the end, sorted.
func results(t *testing.T, r *rapid.T, build func() *topology.Builder, records []told, end string) []string {
	cfg := streamstest.Config{CommitEvery: rapid.IntRange(1, 9).Draw(r, "commit every")}
	if rapid.Bool().Draw(r, "on disk") {
		dir := t.TempDir()
		cfg.State = func(instance int) state.Backend { return lsm.Dir(filepath.Join(dir, fmt.Sprint(instance))) }
	}
	d := streamstest.New(t, build(), cfg)
	defer d.Close()
	for _, rec := range append(slices.Clip(records), told{end, "end", 0, 10_000}) {
		streamstest.In[string, string](d, rec.topic).PipeAt(rec.key, rec.String(), rec.ms)
		if rapid.IntRange(0, 15).Draw(r, "crash") == 0 {
			d.Crash()
		}
	}
	d.Commit()
	var out []string
	for _, o := range streamstest.Out[string, string](d, "out").Rest() {
		out = append(out, fmt.Sprintf("%s=%s@%d", o.Key, o.Value, o.Time))
	}
	slices.Sort(out)
	return out
}

func TestNearestIsTheLastOfAllThatMatch(t *testing.T) {
	const before, after, grace = 12, 3, 20
	build := func() *topology.Builder {
		b := topology.New()
		left, right := topology.Stream[string, string](b, "left"), topology.Stream[string, string](b, "right")
		w := joins.Between(before*time.Millisecond, after*time.Millisecond).Grace(grace * time.Millisecond)
		topology.To(joins.Nearest(left, right, "joined", w, func(_, l string, r processor.Maybe[string]) string { return l + "|" + r.Value }), "out")
		return b
	}
	rapid.Check(t, func(r *rapid.T) {
		records := disordered(r, grace, "left", "right")
		var want []string
		for _, l := range records {
			if l.topic != "left" {
				continue
			}
			var last *told
			for i, c := range records {
				if c.topic == "right" && c.key == l.key && l.ms-before <= c.ms && c.ms <= l.ms+after && (last == nil || c.ms >= last.ms) {
					last = &records[i]
				}
			}
			if last == nil {
				want = append(want, fmt.Sprintf("%s=%s|@%d", l.key, l, l.ms))
			} else {
				want = append(want, fmt.Sprintf("%s=%s|%s@%d", l.key, l, *last, max(l.ms, last.ms)))
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, results(t, r, build, records, "right")); diff != "" {
			r.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestStreamsAreJoinedInAllChoicesOfNearRecords(t *testing.T) {
	const within, grace = 12, 20
	topics := []string{"a", "b", "c"}
	build := func() *topology.Builder {
		b := topology.New()
		part := func(topic string) joins.StreamPart[string, string] {
			return joins.One(topology.Stream[string, string](b, topic), func(to *string, v string) { *to += v })
		}
		w := joins.Within(within * time.Millisecond).Grace(grace * time.Millisecond)
		topology.To(joins.Streams("joined", w, part("a"), part("b"), part("c")), "out")
		return b
	}
	rapid.Check(t, func(r *rapid.T) {
		records := disordered(r, grace, topics...)
		var want []string
		for _, x := range records {
			for _, y := range records {
				for _, z := range records {
					first, last := min(x.ms, y.ms, z.ms), max(x.ms, y.ms, z.ms)
					if x.topic == "a" && y.topic == "b" && z.topic == "c" && x.key == y.key && y.key == z.key && last-first <= within {
						want = append(want, fmt.Sprintf("%s=%s%s%s@%d", x.key, x, y, z, last))
					}
				}
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, results(t, r, build, records, "c")); diff != "" {
			r.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// A late record is a result that has it alone.
func TestLateRecordsOfManyStreamsAreInOneStream(t *testing.T) {
	b := topology.New()
	part := func(topic string) joins.StreamPart[string, string] {
		return joins.One(topology.Stream[string, string](b, topic), func(to *string, v string) { *to += topic + ":" + v })
	}
	s := joins.Streams("joined", joins.Within(10*time.Millisecond).Grace(5*time.Millisecond), part("a"), part("b"))
	topology.To(s, "out")
	topology.To(topology.MapValues(s.Late(), func(l windowing.Late[string]) string {
		return fmt.Sprintf("%s by %s, [%d,%d) at %d", l.Value, l.By, l.Start, l.End, l.StreamTime)
	}), "late")
	d := streamstest.New(t, b, streamstest.Config{})
	a, other := streamstest.In[string, string](d, "a"), streamstest.In[string, string](d, "b")
	a.PipeAt("k", "1", 100)
	other.PipeAt("k", "2", 95)
	other.PipeAt("k", "3", 94)
	a.PipeAt("k", "4", 90)
	want := "k=b:3 by 1ms, [84,105) at 100@94, k=a:4 by 5ms, [80,101) at 100@90"
	if got := streamstest.Out[string, string](d, "late").Text(); got != want {
		t.Errorf("late:\n got %s\nwant %s", got, want)
	}
	if got := streamstest.Out[string, string](d, "out").Text(); got != "k=a:1b:2@100" {
		t.Errorf("joined: %s", got)
	}
}

func TestStreamsNeedOneWindowForAll(t *testing.T) {
	b := topology.New()
	part := func(topic string) joins.StreamPart[string, string] {
		return joins.One(topology.Stream[string, string](b, topic), func(to *string, v string) { *to = v })
	}
	joins.Streams("joined", joins.Between(time.Second, 0).Grace(0), part("a"), part("b"))
	_, err := b.Build()
	if err == nil {
		t.Fatal("a window with a direction goes with many streams")
	}
}
