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
