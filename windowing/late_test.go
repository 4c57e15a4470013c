package windowing_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Each closed window of a record gives a late record of its own, which says how
// late it was, and for what.
func TestLateRecordsTellTheirLateness(t *testing.T) {
	b := topology.New()
	counts := windowing.Count(grouped(b), "counts", windowing.Hopping(10*ms, 5*ms).Grace(5*ms))
	said := topology.MapValues(counts.Late(), func(l windowing.Late[string]) string {
		return fmt.Sprintf("%s at %d, %d", l, l.StreamTime, l.WallTime)
	})
	topology.To(said, "said")
	d := streamstest.New(t, b, streamstest.Config{Start: time.UnixMilli(7)})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "a", 27)
	in.PipeAt("k", "b", 11) // [5,15) is closed since 20, [10,20) since 25
	in.PipeAt("k", "c", 16) // [10,20) is closed, [15,25) is not
	want := []string{
		"k=b (late by 7ms for [5,15)) at 27, 7@11", "k=b (late by 2ms for [10,20)) at 27, 7@11", "k=c (late by 2ms for [10,20)) at 27, 7@16",
	}
	if got := streamstest.Out[string, string](d, "said").Text(); got != strings.Join(want, ", ") {
		t.Errorf("got %s, want %s", got, want)
	}
}

// With a watermark the stream time is that of the source, 10 ms behind its
// highest record: a is at 50, so that it is 40.
func TestLatenessBySessionsSlidingWindowsAndAWatermark(t *testing.T) {
	for _, c := range []struct {
		name    string
		windows windowing.Windows
		at      []int64
		want    string
	}{
		// A session with a gap of 5 and a grace of 2 closes 8 ms after its last
		// record. 29 would be late by itself, and goes into that of 34.
		{"session", windowing.Sessions(5 * ms).Grace(2 * ms), []int64{32, 34, 27, 29}, "" +
			"k=32 (late by 0s for [32,32)) at 40@32, k=27 (late by 5ms for [27,27)) at 40@27"},
		// If each record brings its gap, that is part of the session.
		{"session by value", windowing.SessionsBy(func(string) time.Duration { return 5 * ms }, time.Second).Grace(2 * ms), []int64{32, 34, 27, 29}, "" +
			"k=32 (late by 0s for [32,37)) at 40@32, k=27 (late by 5ms for [27,32)) at 40@27"},
		// Windows of 10 with grace 2 close 3 ms after their last millisecond. 28 is
		// in time for [28,38] and later ones, not for [18,28] that it would end; for 27
		// even [27,37] is closed.
		{"sliding", windowing.Sliding(10 * ms).Grace(2 * ms), []int64{28, 27, 38}, "" +
			"k=28 (late by 9ms for [18,28)) at 40@28, k=27 (late by 0s for [27,37)) at 40@27"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.New()
			src := topology.Stream[string, string](b, "in", topology.WatermarkLag(10*ms))
			counts := windowing.Count(topology.GroupByKey(src), "counts", c.windows)
			topology.To(topology.MapValues(counts.Late(), func(l windowing.Late[string]) string {
				return fmt.Sprintf("%s at %d", l, l.StreamTime)
			}), "said", topology.ValueSerde(serde.String))
			d := streamstest.New(t, b, streamstest.Config{})
			in := streamstest.In[string, string](d, "in")
			in.PipeAt("other", "50", 50)
			for _, at := range c.at {
				in.PipeAt("k", fmt.Sprint(at), at)
			}
			if got := streamstest.Out[string, string](d, "said").Text(); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
			if got := d.Dropped("counts", "late"); got != uint64(strings.Count(c.want, "k=")) {
				t.Errorf("%d were late", got)
			}
		})
	}
}

// On a topic a late record is what it was, nulls included.
func TestLateRecordsAreWrittenAsTheyCame(t *testing.T) {
	b := topology.New()
	counts := windowing.Count(grouped(b), "counts", short)
	topology.To(counts.Late(), "late")
	topology.To(topology.WithNulls(counts.Late()), "late2")
	d := streamstest.New(t, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "a", 100)
	in.Send(processor.Record[string, string]{Key: "k", Value: "b", HasKey: true, HasValue: true, Time: 3,
		Headers: []processor.Header{{Key: "h", Value: []byte("x")}}})
	in.Send(processor.Record[string, string]{Key: "k", HasKey: true, Time: 4})
	got := ""
	for _, topic := range []string{"late", "late2"} {
		for _, r := range streamstest.Out[string, string](d, topic, topology.Serdes(serde.String, serde.String)).Rest() {
			got += fmt.Sprintf("%s=%q %v@%d", r.Key, r.Value, r.HasValue, r.Time)
			for _, h := range r.Headers {
				got += fmt.Sprintf(" %s:%s", h.Key, h.Value)
			}
			got += "\n"
		}
	}
	const lateness = " millrace.late.by:85 millrace.late.start:0 millrace.late.end:10 millrace.late.stream-time:100 millrace.late.wall-time:0"
	want := `k="b" true@3 h:x` + lateness + "\n" + `k="" false@4` + lateness + "\n"
	if got != want+want {
		t.Errorf("got\n%s want\n%s", got, want+want)
	}
}

// Late records go into a table of their own, or back into the stream.
func TestLateRecordsCanBeUsedAgain(t *testing.T) {
	b := topology.New()
	src := topology.Stream[string, string](b, "in")
	counts := windowing.Count(topology.GroupByKey(src), "counts", short)
	late := topology.MapValues(counts.Late(topology.Name("too-late")), func(l windowing.Late[string]) string { return l.Value })
	topology.To(topology.Count(topology.GroupByKey(counts.Late()), "late").ToStream(), "lates")
	topology.To(src.Merge(late), "out")
	d := streamstest.New(t, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "a", 100)
	in.PipeAt("k", "b", 3)
	if got, want := streamstest.Out[string, string](d, "out").Text(), "k=a@100, k=b@3, k=b@3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := streamstest.Out[string, int64](d, "lates").Text(), "k=1@3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
