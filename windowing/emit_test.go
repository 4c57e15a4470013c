package windowing_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

var (
	errBusy  = errors.New("busy")
	skipping = processor.Policies{Process: processor.Policy{Then: processor.Skip}}
)

// closing counts in hopping windows and sends on what the options say.
func closing(opts ...topology.Option) *topology.Builder {
	b := topology.New()
	counts := windowing.Count(grouped(b), "counts", windowing.Hopping(20*ms, 10*ms).Grace(5*ms), opts...)
	topology.To(counts.ToStream(), "out")
	topology.To(counts.Late(), "late")
	return b
}

// Each row comes out once, and each change after the end of its window once,
// wherever the application is taken down. Some records leap far ahead, so that
// the store would forget rows before they are sent on.
func TestEmissionOnCloseIsTheSameInTheWholeMatrix(t *testing.T) {
	for name, emission := range map[string]topology.Option{"on close": windowing.EmitOnClose(), "then late": windowing.EmitOnCloseThenLate()} {
		t.Run(name, func(t *testing.T) {
			cfg := streamstest.Config{Partitions: map[string]int{"in": 2}}
			streamstest.Matrix(t, cfg, func(cfg streamstest.Config) *streamstest.Driver {
				d := streamstest.New(t, closing(emission), cfg)
				in := streamstest.In[string, string](d, "in")
				at := int64(40)
				for i := range int64(60) {
					at += 4
					if i%13 == 12 {
						at += 500
					}
					in.PipeAt(fmt.Sprint(i%5), "v", at-7*(i%4))
				}
				return d
			})
		})
	}
}

// Rows that the stream time leaps over are sent on, which Kafka Streams forgets,
// and nothing but those: each window with a row comes once.
func TestNoRowIsForgottenWhenTheStreamTimeLeaps(t *testing.T) {
	d := streamstest.New(t, closing(windowing.EmitOnClose()), streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("b", "v", 12)
	in.PipeAt("a", "v", 13)
	in.PipeAt("a", "v", 5_000_000)
	want := "a@[0,20)=1@13, b@[0,20)=1@12, a@[10,30)=1@13, b@[10,30)=1@12"
	if got := streamstest.Out[state.Windowed[string], int64](d, "out").Text(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A record that fails behind the aggregation has closed nothing.
func TestFailedEmissionIsTriedAgain(t *testing.T) {
	b := topology.New()
	counts := windowing.Count(grouped(b), "counts", short, windowing.EmitOnClose())
	fails := 2
	topology.To(topology.MapValuesErr(counts.ToStream(), func(n int64) (int64, error) {
		if fails--; fails >= 0 {
			return 0, errBusy
		}
		return n, nil
	}), "out")
	d := streamstest.New(t, b, streamstest.Config{Errors: skipping})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "v", 1)
	in.PipeAt("k", "v", 20) // fails: it was never there
	in.PipeAt("k", "v", 2)
	in.PipeAt("k", "v", 21) // fails
	in.PipeAt("k", "v", 35)
	if got, want := streamstest.Out[state.Windowed[string], int64](d, "out").Text(), "k@[0,10)=2@2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEmissionThatCannotBeIsAnErrorAtBuild(t *testing.T) {
	for _, c := range []struct {
		want string
		opts []topology.Option
	}{
		{"EmitOnClose excludes EmitLatest and EmitSnapshot", []topology.Option{windowing.EmitOnClose(), topology.EmitLatest(0)}},
		{"EmitOnClose excludes EmitLatest and EmitSnapshot", []topology.Option{windowing.EmitOnCloseThenLate(), topology.EmitSnapshot(time.Second)}},
		{"EmitLatest and EmitSnapshot exclude each other", []topology.Option{topology.EmitLatest(0), topology.EmitSnapshot(time.Second)}},
		{"CloseIdle needs EmitOnClose or EmitOnCloseThenLate", []topology.Option{windowing.CloseIdle(time.Second)}},
		{"CloseIdle after 0s: give 1ms or more", []topology.Option{windowing.EmitOnClose(), windowing.CloseIdle(0)}},
		{"CloseIdle after -1s: give 1ms or more", []topology.Option{windowing.EmitOnClose(), windowing.CloseIdle(-time.Second)}},
	} {
		_, err := closing(c.opts...).Describe()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "emit_test.go:") {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	b := topology.New()
	topology.Count(grouped(b), "counts", windowing.EmitOnCloseThenLate())
	if _, err := b.Describe(); err == nil || !strings.Contains(err.Error(), "is for windows") {
		t.Errorf("without windows: %v", err)
	}
}

// Rows that leave their store before they were to be sent on, because the stream
// time has leapt over them, are sent on as they were, whatever the windows.
func TestLatestRowsAreNotLostWhenTheStreamTimeLeaps(t *testing.T) {
	for _, w := range []windowing.Windows{short, windowing.Sliding(10 * ms).Grace(5 * ms), windowing.Sessions(10 * ms).Grace(5 * ms)} {
		for _, interval := range []time.Duration{0, time.Minute} {
			b := topology.New()
			topology.To(windowing.Count(grouped(b), "counts", w, topology.EmitLatest(interval)).ToStream(), "out")
			d := streamstest.New(t, b, streamstest.Config{ManualCommit: true})
			in, out := streamstest.In[string, string](d, "in"), streamstest.Out[state.Windowed[string], int64](d, "out")
			in.PipeAt("k", "v", 100)
			in.PipeAt("k", "v", 104)
			in.PipeAt("k", "v", 100_000)
			d.Commit()
			most := int64(0) // of the windows that 104 is in
			for _, r := range out.Rest() {
				if !r.HasValue {
					t.Errorf("%s, every %s: %v was deleted", w, interval, r.Key)
				}
				if r.Key.Start <= 104 && r.Key.End >= 104 {
					most = max(most, r.Value)
				}
			}
			if most != 2 {
				t.Errorf("%s, every %s: the row was not sent on: %d", w, interval, most)
			}
		}
	}
}
