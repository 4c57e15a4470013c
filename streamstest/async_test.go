package streamstest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// asking sends values through a service that fails for "b" as often as said.
func asking(failures int) *topology.Builder {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	topology.To(topology.MapValuesAsync(in, func(_ context.Context, v string) (string, error) {
		if v == "b" && failures > 0 {
			failures--
			return "", errors.New("not now")
		}
		return v + "!", nil
	}, topology.Async{Retries: 3, Backoff: time.Second}), "out")
	return b
}

func TestCallsToServicesAreDoneAtOnce(t *testing.T) {
	d := streamstest.New(t, asking(0), streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "a", 1)
	in.PipeAt("k", "b", 2)
	if got, want := streamstest.Out[string, string](d, "out").Text(), "k=a!@1, k=b!@2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A call that is to be tried again holds up the commit of its task until the
// clock has come so far; without transactions others go on.
func TestCallsAreTriedAgainByTheClock(t *testing.T) {
	for _, c := range []struct {
		cfg           streamstest.Config
		before, after string
	}{
		{streamstest.Config{}, "", "x=a!@1, k=b!@2, y=c!@3"},
		{streamstest.Config{ManualCommit: true}, "", "x=a!@1, y=c!@3, k=b!@2"},
		{streamstest.Config{AtLeastOnce: true}, "x=a!@1, y=c!@3", "x=a!@1, y=c!@3, k=b!@2"},
	} {
		d := streamstest.New(t, asking(2), c.cfg)
		in := streamstest.In[string, string](d, "in")
		in.PipeAt("x", "a", 1)
		if c.before == "" && !c.cfg.ManualCommit {
			c.before = "x=a!@1" // committed before there was anything to wait for
		}
		in.PipeAt("k", "b", 2)
		in.PipeAt("y", "c", 3)
		if c.cfg.ManualCommit {
			d.Commit()
		}
		out := streamstest.Out[string, string](d, "out")
		d.Advance(2999 * time.Millisecond)
		if got := out.Text(); got != c.before {
			t.Errorf("%+v: before the retry %q, want %q", c.cfg, got, c.before)
		}
		d.Advance(time.Millisecond)
		if got := streamstest.Out[string, string](d, "out").Text(); got != c.after {
			t.Errorf("%+v: after the retry %q, want %q", c.cfg, got, c.after)
		}
	}
}

// A record whose call is open when its instance goes down is processed again.
func TestCrashForgetsOpenCalls(t *testing.T) {
	for _, atLeastOnce := range []bool{false, true} {
		d := streamstest.New(t, asking(1), streamstest.Config{AtLeastOnce: atLeastOnce})
		in := streamstest.In[string, string](d, "in")
		in.PipeAt("k", "b", 1)
		d.Crash()
		if got := streamstest.Out[string, string](d, "out").Text(); got != "k=b!@1" {
			t.Errorf("at least once %v: got %q", atLeastOnce, got)
		}
	}
}
