package topology_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

func TestPrintShowsATableForEachCommit(t *testing.T) {
	b := topology.New()
	var shown bytes.Buffer
	in := topology.Stream[string, string](b, "in")
	in.Print(topology.Printing{To: &shown, Rows: 3}, topology.Name("shown"))
	d := streamstest.New(t, b, streamstest.Config{ManualCommit: true})
	records := streamstest.In[string, string](d, "in")
	records.PipeAt("k", "v", 5)
	records.Send(processor.Record[string, string]{Time: 1_700_000_000_123})
	if shown.Len() > 0 {
		t.Errorf("shown before the commit:\n%s", &shown)
	}
	d.Commit()
	d.Commit() // nothing new, no table
	records.PipeAt("a long key, of 28 characters", "a value\nof \x1b[31mtwo lines", 6)
	records.PipeAt("exactly 20 character", strings.Repeat("éèê", 7), 7)
	records.PipeAt("k", "3", 8)
	records.PipeAt("k", "4", 9)
	records.PipeAt("k", "5", 10)
	d.Commit()
	want := `commit 1 of shown, task 0_0
+----+-----+-----------------------+
|key |value|time                   |
+----+-----+-----------------------+
|k   |v    |1970-01-01 00:00:00.005|
|null|null |2023-11-14 22:13:20.123|
+----+-----+-----------------------+

commit 2 of shown, task 0_0
+--------------------+--------------------+-----------------------+
|key                 |value               |time                   |
+--------------------+--------------------+-----------------------+
|a long key, of 28...|a value.of .[31mt...|1970-01-01 00:00:00.006|
|exactly 20 character|éèêéèêéèêéèêéèêéè...|1970-01-01 00:00:00.007|
|k                   |3                   |1970-01-01 00:00:00.008|
+--------------------+--------------------+-----------------------+
... and 2 more

`
	if diff := cmp.Diff(want, shown.String()); diff != "" {
		t.Error(diff)
	}
}

func TestPrintShowsWholeCellsIfAsked(t *testing.T) {
	b := topology.New()
	var shown bytes.Buffer
	topology.Stream[string, string](b, "in").Print(topology.Printing{To: &shown, Full: true})
	long := strings.Repeat("long ", 20)
	streamstest.In[string, string](streamstest.New(t, b, streamstest.Config{}), "in").PipeAt("k", long, 1)
	if !strings.Contains(shown.String(), "|"+long+"|") {
		t.Error(shown.String())
	}
}

// What was aborted, or belongs to a record that failed, never shows.
func TestPrintShowsOnlyWhatIsCommitted(t *testing.T) {
	b := topology.New()
	var shown bytes.Buffer
	in := topology.Stream[string, string](b, "in")
	in.Print(topology.Printing{To: &shown})
	in.ForEachErr(func(_, v string) error {
		if v == "bad" {
			return errTest
		}
		return nil
	})
	d := streamstest.New(t, b, streamstest.Config{
		ManualCommit: true, Errors: processor.Policies{Process: processor.Policy{Then: processor.Skip}},
	})
	records := streamstest.In[string, string](d, "in")
	records.PipeAt("k", "one", 1)
	records.PipeAt("k", "bad", 2)
	for _, step := range []streamstest.Step{streamstest.BeforeCommit, streamstest.AfterFreeze, streamstest.AfterProduce} {
		d.CrashAt(step)
		d.Commit()
	}
	records.PipeAt("k", "two", 3)
	d.Commit()
	if got := shown.String(); strings.Count(got, "one") != 1 || strings.Count(got, "two") != 1 || strings.Contains(got, "bad") {
		t.Error(got)
	}
}

// ticker forwards a record a second, of no input.
type ticker struct{}

func (*ticker) Process(processor.Record[string, string], processor.Output[string, string]) error {
	return nil
}

func TestPrintShowsWhatAPunctuationSends(t *testing.T) {
	b := topology.New()
	var shown bytes.Buffer
	ticks := topology.Process(topology.Stream[string, string](b, "in"), func(ctx processor.Context) *clock {
		return &clock{ctx: ctx}
	})
	ticks.Print(topology.Printing{To: &shown})
	d := streamstest.New(t, b, streamstest.Config{})
	d.Advance(3 * time.Second)
	if got := strings.Count(shown.String(), "|tick|"); got != 3 {
		t.Errorf("%d ticks:\n%s", got, &shown)
	}
}

type clock struct {
	ticker
	ctx processor.Context
}

func (p *clock) Init(out processor.Output[string, string]) error {
	p.ctx.Schedule(processor.WallClock, time.Second, func(now int64) error {
		return out.Forward(processor.NewRecord("tick", "", now))
	})
	return nil
}

type refusingWriter struct{ calls int }

func (w *refusingWriter) Write([]byte) (int, error) { w.calls++; return 0, errors.New("refused") }

func TestPrintGoesOnWhenNothingCanBeWritten(t *testing.T) {
	b := topology.New()
	w := &refusingWriter{}
	in := topology.Stream[string, string](b, "in")
	in.Print(topology.Printing{To: w})
	topology.To(in, "out")
	d := streamstest.New(t, b, streamstest.Config{})
	streamstest.In[string, string](d, "in").PipeAt("k", "v", 1)
	if got := streamstest.Out[string, string](d, "out").Text(); got != "k=v@1" || w.calls != 1 {
		t.Errorf("got %q, %d calls", got, w.calls)
	}
}

func TestPrintRefusesNegativeRows(t *testing.T) {
	b := topology.New()
	topology.Stream[string, string](b, "in").Print(topology.Printing{Rows: -1})
	want := line(-1) + ": print: Rows is -1: it must not be negative"
	if _, err := b.Build(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
