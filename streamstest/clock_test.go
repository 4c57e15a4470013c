package streamstest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// ticker counts records in a store and reports the number at each tick of its
// clocks.
func ticker(clocks ...processor.Clock) *topology.Builder {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	seen := topology.NewStore[string, int64](b, "seen")
	ticks := topology.Process(in, func(ctx processor.Context) *tick {
		return &tick{ctx: ctx, clocks: clocks, seen: seen.Open(ctx)}
	}, topology.With(seen))
	topology.To(ticks, "out")
	return b
}

type tick struct {
	ctx    processor.Context
	clocks []processor.Clock
	seen   state.KeyValue[string, int64]
}

func (p *tick) Init(out processor.Output[string, string]) error {
	for _, clock := range p.clocks {
		p.ctx.Schedule(clock, 10*time.Second, func(nowMs int64) error {
			n, _, err := p.seen.Get("n")
			if err != nil {
				return err
			}
			name := [...]string{"stream", "wall"}[clock]
			return out.Forward(processor.NewRecord(name, fmt.Sprintf("%d seen", n), nowMs))
		})
	}
	return nil
}

func (p *tick) Process(r processor.Record[string, string], _ processor.Output[string, string]) error {
	n, _, err := p.seen.Get("n")
	if err != nil {
		return err
	}
	if r.Value == "commit" {
		p.ctx.Commit()
	}
	return p.seen.Put("n", n+1)
}

// Time that passes passes through all that is due on the way.
func TestAdvanceCallsPunctuationsAtTheirTimes(t *testing.T) {
	d := streamstest.New(t, ticker(processor.WallClock), streamstest.Config{Start: time.UnixMilli(5_000)})
	in := streamstest.In[string, string](d, "in")
	out := streamstest.Out[string, string](d, "out")
	in.Pipe("k", "v")
	d.Advance(9 * time.Second)
	if out.Len() != 0 {
		t.Errorf("too early: %s", out.Text())
	}
	d.Advance(21 * time.Second)
	if got, want := out.Text(), "wall=1 seen@15000, wall=1 seen@25000, wall=1 seen@35000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := d.Now(); got != time.UnixMilli(35_000).UTC() {
		t.Errorf("now it is %s", got)
	}
	d.Restart() // schedules begin anew, and not in the past
	d.Advance(9 * time.Second)
	in.Pipe("k", "v")
	d.Advance(time.Second)
	if got, want := out.Text(), "wall=2 seen@45000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if r := streamstest.Out[string, string](d, "in").All()[1]; r.Time != 44_000 {
		t.Errorf("a record without a time of its own has %d", r.Time)
	}
}

func TestStreamTimePunctuationsFollowTheRecords(t *testing.T) {
	d := streamstest.New(t, ticker(processor.StreamTime), streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	out := streamstest.Out[string, string](d, "out")
	for _, ms := range []int64{3_000, 25_000, 9_000, 30_000} {
		in.PipeAt("k", "v", ms)
	}
	d.Advance(time.Hour)
	if got, want := out.Text(), "stream=1 seen@3000, stream=2 seen@25000, stream=4 seen@30000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCrashInThePunctuationsCommit(t *testing.T) {
	for _, step := range steps {
		d := streamstest.New(t, ticker(processor.WallClock), streamstest.Config{})
		in := streamstest.In[string, string](d, "in")
		out := streamstest.Out[string, string](d, "out")
		in.Pipe("k", "v")
		d.CrashAt(step)
		d.Advance(25 * time.Second)
		// A punctuation that is lost with its commit is not made up for: the
		// schedule starts anew with the task, at 10 s.
		want := "wall=1 seen@10000, wall=1 seen@20000"
		if step < streamstest.AfterEnd {
			want = "wall=1 seen@20000"
		}
		if got := out.Text(); got != want {
			t.Errorf("%s: got %s, want %s", step, got, want)
		}
	}
}

func TestProcessorsMayAskForACommit(t *testing.T) {
	d := streamstest.New(t, ticker(), streamstest.Config{ManualCommit: true})
	in := streamstest.In[string, string](d, "in")
	seen := streamstest.Store[string, int64](d, "seen")
	in.Pipe("k", "v")
	if n := seen.Len(); n != 0 {
		t.Errorf("%d entries before the commit", n)
	}
	in.Pipe("k", "commit")
	if n, _ := seen.Get("n"); n != 2 {
		t.Errorf("%d after the commit", n)
	}
}

// Records that are there at once are taken in the order of their times, over
// all topics of a task.
func TestBacklogIsProcessedInTheOrderOfTime(t *testing.T) {
	b := topology.New()
	topology.To(topology.StreamTopics[string, string](b, []string{"a", "b"}), "out")
	d := streamstest.New(t, b, streamstest.Config{ManualCommit: true})
	first, second := streamstest.In[string, string](d, "a"), streamstest.In[string, string](d, "b")
	out := streamstest.Out[string, string](d, "out")
	first.PipeAt("k", "a", 5)
	first.PipeAt("k", "a", 7)
	second.PipeAt("k", "b", 4)
	second.PipeAt("k", "b", 6)
	d.Crash()
	d.Commit()
	if got, want := out.Text(), "k=b@4, k=a@5, k=b@6, k=a@7"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
