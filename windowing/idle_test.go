package windowing_test

import (
	"errors"
	"testing"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// A record that fails has never happened: the clock goes on from the last one
// that did not, here from 0:50 and not from 5:00.
func TestAFailedRecordDoesNotMoveTheClockOfIdleWindows(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	counts := windowing.Count(topology.GroupByKey(in), "counts", windowing.Tumbling(time.Minute).Grace(0),
		windowing.EmitOnClose(), windowing.CloseIdle(5*time.Second))
	topology.To(counts.ToStream(), "out")
	topology.To(topology.MapValuesErr(in, func(v string) (string, error) {
		if v == "bad" {
			return "", errors.New("refused")
		}
		return v, nil
	}), "copy")
	d := streamstest.New(t, b, streamstest.Config{Errors: processor.Policies{Process: processor.Policy{Then: processor.Skip}}})
	records := streamstest.In[string, string](d, "in")
	records.PipeAt("ann", "x", 50_000)
	records.PipeAt("ann", "bad", 300_000)
	d.Advance(6 * time.Second)
	records.PipeAt("ann", "x", 55_000)
	d.Advance(20 * time.Second)
	out := streamstest.Out[state.Windowed[string], int64](d, "out").All()
	if len(out) != 1 || out[0].Value != 2 {
		t.Errorf("rows of the window: %v, want one of 2", out)
	}
}
