package streamstest_test

import (
	"strings"
	"testing"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

var text = []string{
	"the time has come", "the walrus said", "to talk of many things", "of shoes and ships", "and sealing wax", "of cabbages and kings",
	"and why the sea is boiling hot", "and whether pigs have wings",
}

func TestWordCountIsTheSameInTheWholeMatrix(t *testing.T) {
	t.Parallel() // it waits for the disk
	for _, cfg := range []streamstest.Config{
		{State: disk(t), Partitions: map[string]int{"totals": 2}},
		{AtLeastOnce: true},
	} {
		drivers := 0
		streamstest.Matrix(t, cfg, func(cfg streamstest.Config) *streamstest.Driver {
			drivers++
			d := streamstest.New(t, wordCount(), cfg)
			lines := streamstest.In[string, string](d, "lines")
			for i, line := range text {
				lines.PipeAt("", line, int64(i))
			}
			return d
		})
		if want := 1 + 3*2*6; drivers < want && !cfg.AtLeastOnce {
			t.Errorf("%d runs, want %d at least", drivers, want)
		}
	}
}

// forgetful keeps what it has seen where no restart finds it.
type forgetful struct{ seen int64 }

func (p *forgetful) Process(r processor.Record[string, string], out processor.Output[string, int64]) error {
	p.seen++
	return out.Forward(processor.NewRecord(r.Key, p.seen, r.Time))
}

func TestMatrixFindsStateThatIsNotKept(t *testing.T) {
	got := failure(func(tb streamstest.TB) {
		streamstest.Matrix(tb, streamstest.Config{}, func(cfg streamstest.Config) *streamstest.Driver {
			b := topology.New()
			counts := topology.Process(topology.Stream[string, string](b, "lines"), func(processor.Context) *forgetful { return &forgetful{} })
			topology.To(counts, "totals", topology.ValueSerde(serde.DecimalInt64))
			d := streamstest.New(tb, b, cfg)
			lines := streamstest.In[string, string](d, "lines")
			for i, line := range text {
				lines.PipeAt("k", line, int64(i))
			}
			return d
		})
	})
	const want = `streamstest: state 0, commit every 1, 1 instances, crashes before_commit: topic totals, partition 0, key "k":` +
		"\n got  \"1\"@0 \"1\"@1 \"2\"@2 \"3\"@3 \"1\"@4 "
	if !strings.HasPrefix(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAbortedCommitsAreDoneAgain(t *testing.T) {
	for _, atLeastOnce := range []bool{false, true} {
		d := streamstest.New(t, wordCount(), streamstest.Config{CommitEvery: 3, AtLeastOnce: atLeastOnce})
		lines := streamstest.In[string, string](d, "lines")
		totals := streamstest.Out[string, int64](d, "totals")
		d.Abort(3)
		for range 4 {
			lines.PipeAt("", "to be", 1)
		}
		d.Commit()
		if got, want := totals.Text(), "to=1@1, be=1@1, to=2@1, be=2@1, to=3@1, be=3@1, to=4@1, be=4@1"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if n := d.Metrics()[`millrace_commits_total{outcome="aborted"}`]; n != 3 {
			t.Errorf("%d aborted", n)
		}
	}
}
