package joins_test

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// The stream time of a join is the lowest watermark of its sources: one that is
// behind keeps records of the other from being late, and their results waiting.
func TestJoinsGoByTheWatermarksOfTheirSources(t *testing.T) {
	b := topology.New()
	source := func(topic string) topology.KStream[string, string] {
		return topology.Stream[string, string](b, topic, topology.WatermarkLag(10*time.Millisecond))
	}
	joined := joins.Left(source("left"), source("right"), "joined", joins.Within(5*time.Millisecond).Grace(0),
		func(_, l string, r processor.Maybe[string]) string { return l + "|" + r.Value })
	topology.To(joined, "out")
	topology.To(joined.LateRight(), "late")
	d := streamstest.New(t, b, streamstest.Config{})
	left, right := streamstest.In[string, string](d, "left"), streamstest.In[string, string](d, "right")
	out, late := streamstest.Out[string, string](d, "out"), streamstest.Out[string, string](d, "late")

	left.PipeAt("k", "a", 100)
	left.PipeAt("k", "b", 500) // the right side has not said anything yet
	right.PipeAt("k", "1", 103)
	if got, want := out.Text(), "k=a|1@103"; got != want {
		t.Errorf("while the right side is behind: %s, want %s", got, want)
	}
	left.PipeAt("k", "c", 200)
	right.PipeAt("k", "2", 215) // its watermark is 205: c would match up to there
	if got := out.Text(); got != "" {
		t.Errorf("at the last moment: %s", got)
	}
	right.PipeAt("k", "3", 216)
	right.PipeAt("k", "4", 205)
	if got, want := out.Text(), "k=c|@200"; got != want {
		t.Errorf("behind the watermark: %s, want %s", got, want)
	}
	if got, want := late.Text(), "k=4@205"; got != want {
		t.Errorf("late: %s, want %s", got, want)
	}
}
