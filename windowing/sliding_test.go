package windowing_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Of records in time, in any order, the windows are those of the definition: one
// ends with each record, one begins behind it if that has records, and both have
// all records within their bounds. Those that would begin before 1970 are one.
func TestSlidingWindowsAreThoseOfTheirDefinition(t *testing.T) {
	const size = 5
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Int64Range(0, 30), 1, 12).Draw(t, "times")
		b := topology.New()
		windows := windowing.Sliding(size * ms).Grace(time.Second)
		topology.To(windowing.Count(grouped(b), "counts", windows).ToStream(), "out")
		d := streamstest.New(t, b, streamstest.Config{CommitEvery: rapid.IntRange(1, 4).Draw(t, "commit every")})
		in := streamstest.In[string, string](d, "in")
		for _, at := range times {
			in.PipeAt("k", "v", at)
		}
		d.Commit()
		got := map[int64]int64{}
		for _, r := range streamstest.Out[state.Windowed[string], int64](d, "out").Rest() {
			if got[r.Key.Start] = r.Value; r.Key.End != r.Key.Start+size {
				t.Fatalf("%v", r.Key)
			}
		}
		want := map[int64]int64{}
		for _, at := range times {
			for _, start := range []int64{max(0, at-size), at + 1} {
				n := int64(0)
				for _, other := range times {
					if other >= start && other <= start+size {
						n++
					}
				}
				if n > 0 {
					want[start] = n
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%v (-want +got):\n%s", times, diff)
		}
	})
}

// Each window is sent on once, in the order of time, with the row that it has
// when it closes: the last one that is sent on with every update.
func TestSlidingWindowsAreSentOnWhenTheyClose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type event struct {
			Key string
			At  int64
		}
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) event {
			return event{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"), rapid.Int64Range(0, 60).Draw(t, "time")}
		}), 1, 15).Draw(t, "events")
		events = append(events, event{"end", 1000})
		commit := rapid.IntRange(1, 4).Draw(t, "commit every")
		run := func(opts ...topology.Option) (rows []string, last map[state.Windowed[string]]string) {
			b := topology.New()
			windows := windowing.Sliding(5 * ms).Grace(10 * ms)
			topology.To(windowing.Count(grouped(b), "counts", windows, opts...).ToStream(), "out")
			d := streamstest.New(t, b, streamstest.Config{CommitEvery: commit})
			in := streamstest.In[string, string](d, "in")
			for _, e := range events {
				in.PipeAt(e.Key, "v", e.At)
			}
			d.Commit()
			last = map[state.Windowed[string]]string{}
			for _, r := range streamstest.Out[state.Windowed[string], int64](d, "out").Rest() {
				if r.Key.Key != "end" {
					rows = append(rows, fmt.Sprintf("%04d %s", r.Key.Start, r.Key.Key))
					last[r.Key] = fmt.Sprintf("%d at %d", r.Value, r.Time)
				}
			}
			return rows, last
		}
		_, want := run()
		rows, got := run(windowing.EmitOnClose())
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%v (-want +got):\n%s", events, diff)
		}
		if !slices.IsSorted(rows) || len(rows) != len(got) {
			t.Fatalf("%v: %v", events, rows)
		}
	})
}
