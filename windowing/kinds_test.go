package windowing_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// shifts are windows of 8 and 16 hours in turn: day and night.
type shifts struct{}

const hour = int64(time.Hour / time.Millisecond)

func (shifts) Starts(dst []int64, t int64) []int64 {
	dawn := t - t%(24*hour)
	if t-dawn < 8*hour {
		return append(dst, dawn)
	}
	return append(dst, dawn+8*hour)
}

func (shifts) End(start int64) int64 {
	if start%(24*hour) == 0 {
		return start + 8*hour
	}
	return start + 16*hour
}

func (shifts) Longest() time.Duration { return 16 * time.Hour }
func (shifts) String() string         { return "shifts" }

// A shift of 8 hours and one of 16.
func ExampleCustom() {
	b := topology.New()
	calls := topology.Stream[string, string](b, "calls")
	perShift := windowing.Count(topology.GroupByKey(calls), "per-shift", windowing.Custom(shifts{}))
	topology.To(perShift.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "calls"), streamstest.Out[state.Windowed[string], int64](d, "out")
	for _, at := range []int64{7, 8, 23, 24} {
		in.PipeAt("desk", "ring", at*hour)
	}
	for _, r := range out.Rest() {
		fmt.Println(r.Key.Start/hour, "to", r.Key.End/hour, r.Value)
	}
	// Output:
	// 0 to 8 1
	// 8 to 24 1
	// 8 to 24 2
	// 24 to 32 1
}

// odd has a longest window that is no whole number of milliseconds.
type odd struct{ shifts }

func (odd) Longest() time.Duration { return time.Second + 500 }

func TestOtherWindowsAreCheckedAtBuild(t *testing.T) {
	for want, w := range map[string]windowing.Windows{
		"the difference of sliding windows is 0s: give whole milliseconds, 1ms or more": windowing.Sliding(0),
		"the grace of windows is -1s: give whole milliseconds, 0s or more":              windowing.Sliding(time.Second).Grace(-time.Second),
		"are too long together":              windowing.Sliding(1 << 62 / time.Millisecond * time.Millisecond).Grace(1 << 62 / time.Millisecond * time.Millisecond),
		"the size of a window is 0s":         windowing.Custom(nil),
		"the size of a window is 1.0000005s": windowing.Custom(odd{}),
		"1ns: give whole milliseconds":       windowing.Calendar{}.Days().Grace(1),
	} {
		b := topology.New()
		windowing.Count(grouped(b), "counts", w)
		_, err := b.Build()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "kinds_test.go:") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	b := topology.New()
	windowing.Count(grouped(b), "counts", windowing.Unlimited(time.Unix(0, 0)), windowing.EmitOnClose())
	if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), "never close") {
		t.Errorf("got %v", err)
	}
}
