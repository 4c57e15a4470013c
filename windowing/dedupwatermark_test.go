package windowing_test

import (
	"testing"

	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// With a watermark, stream time lags behind the records, and moves without those
// of an operator: here by records that its filter drops.
func TestWhatWaitsPassesByTheWatermark(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in", topology.WatermarkLag(50*ms))
	kept := in.Filter(func(k, _ string) bool { return k != "other" })
	topology.To(windowing.Deduplicate(kept, "seen", 10*ms, idOf), "first")
	topology.To(windowing.Deduplicate(kept, "held", 10*ms, idOf, windowing.KeepLast()), "last")
	topology.To(windowing.Debounce(kept, "quiet", 10*ms), "quiet")
	d := streamstest.New(t, b, streamstest.Config{})
	records := streamstest.In[string, string](d, "in")
	for _, at := range []int64{100, 95, 60, 91, 110, 111, 105} {
		records.PipeAt("k", "a", at)
	}
	records.PipeAt("other", "x", 200)
	for topic, want := range map[string]string{
		"first": "k=a@100, k=a@60, k=a@110",
		"last":  "k=a@111",
		"quiet": "k=a@111",
	} {
		if got := streamstest.Out[string, string](d, topic).Text(); got != want {
			t.Errorf("%s: got %s, want %s", topic, got, want)
		}
	}
}
