package streamstest_test

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// remembering keeps the versions of each key, and says what a record follows.
type remembering struct {
	rows state.Versioned[string, string]
}

func (p *remembering) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	old, _, _, err := p.rows.GetAsOf(r.Key, r.Time)
	if err != nil {
		return err
	}
	if _, err := p.rows.Put(r.Key, r.Value, r.Time); err != nil {
		return err
	}
	r.Value = old + ">" + r.Value
	return out.Forward(r)
}

func remember() *topology.Builder {
	b := topology.New()
	rows := topology.NewVersionedStore[string, string](b, "rows", 10*time.Millisecond)
	topology.To(topology.Process(topology.Stream[string, string](b, "in"), func(ctx processor.Context) *remembering {
		return &remembering{rows.Open(ctx)}
	}, topology.With(rows)), "out")
	return b
}

func TestVersionsComeBackFromTheChangelog(t *testing.T) {
	d := streamstest.New(t, remember(), streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "a", 10)
	in.PipeAt("k", "c", 18)
	d.Crash()
	in.PipeAt("k", "b", 14)
	d.Restart()
	in.PipeAt("k", "late", 7)
	if got, want := streamstest.Out[string, string](d, "out").Text(), "k=>a@10, k=a>c@18, k=a>b@14, k=>late@7"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// The newest version comes last, also in the changelog: compaction keeps it.
	if got, want := streamstest.Out[string, string](d, d.ChangelogTopic("rows")).Text(), "k=a@10, k=c@18, k=b@14, k=c@18"; got != want {
		t.Errorf("changelog: got %s, want %s", got, want)
	}
	views := streamstest.Views[state.Versioned[string, string]](d, "rows")
	if v, ms, ok, err := views[0].GetAsOf("k", 15); v != "b" || ms != 14 || !ok || err != nil {
		t.Errorf("as of 15: %q from %d, %v, %v", v, ms, ok, err)
	}
}

func TestVersionsAreTheSameInTheWholeMatrix(t *testing.T) {
	streamstest.Matrix(t, streamstest.Config{}, func(cfg streamstest.Config) *streamstest.Driver {
		d := streamstest.New(t, remember(), cfg)
		in := streamstest.In[string, string](d, "in")
		for i, word := range text {
			in.PipeAt("k", word, int64(30+7*i-11*(i%3)))
		}
		return d
	})
}
