package windowing_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// quietly waits for 10 ms of silence in both ways.
func quietly() *topology.Builder {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	topology.To(windowing.Debounce(in, "debounced", 10*ms), "out")
	gaps := windowing.Gaps(in, "silent", 10*ms)
	topology.To(topology.MapValues(gaps, func(g windowing.Gap[string]) string {
		return fmt.Sprintf("%s-%d-%d", g.Last, g.Since, g.Noticed)
	}), "gaps", topology.ValueSerde(serde.String))
	return b
}

// silences is the same as a map that is looked through for each record.
type silences struct {
	now       int64
	last      map[string]waitingRow
	out, gaps []string
}

func (m *silences) put(key, value string, at int64) {
	m.now = max(m.now, at)
	due := slices.DeleteFunc(slices.Collect(maps.Values(m.last)), func(r waitingRow) bool { return r.at > m.now-10 })
	slices.SortFunc(due, func(a, b waitingRow) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.key, b.key)) })
	for _, r := range due {
		m.out = append(m.out, fmt.Sprintf("%s=v%d@%d", r.key, r.n, r.at))
		m.gaps = append(m.gaps, fmt.Sprintf("%s=v%d-%d-%d@%d", r.key, r.n, r.at, m.now, r.at+10))
		delete(m.last, r.key)
	}
	if r, ok := m.last[key]; at > m.now-10 && (!ok || at >= r.at) {
		var n int64
		fmt.Sscanf(value, "v%d", &n)
		m.last[key] = waitingRow{key: key, at: at, n: n}
	}
}

func TestSilencesAgreeWithAMap(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := &silences{now: -1, last: map[string]waitingRow{}}
		d := streamstest.New(t, quietly(), streamstest.Config{CommitEvery: rapid.IntRange(1, 9).Draw(r, "commit")})
		defer d.Close()
		in := streamstest.In[string, string](d, "in")
		at := int64(0)
		for i := range rapid.IntRange(1, 120).Draw(r, "records") {
			at = max(0, at+rapid.Int64Range(-7, 9).Draw(r, "step"))
			key, value := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(r, "key"), fmt.Sprint("v", i)
			in.PipeAt(key, value, at)
			m.put(key, value, at)
			if rapid.IntRange(0, 20).Draw(r, "crash") == 0 {
				d.Commit()
				d.Crash()
			}
		}
		d.Commit()
		for topic, want := range map[string][]string{"out": m.out, "gaps": m.gaps} {
			if got := streamstest.Out[string, string](d, topic).Text(); got != strings.Join(want, ", ") {
				r.Fatalf("%s:\n got %s\nwant %s", topic, got, strings.Join(want, ", "))
			}
		}
	})
}

func TestSilencesAreTheSameInTheWholeMatrix(t *testing.T) {
	streamstest.Matrix(t, streamstest.Config{}, func(cfg streamstest.Config) *streamstest.Driver {
		d := streamstest.New(t, quietly(), cfg)
		in := streamstest.In[string, string](d, "in")
		for i := range int64(60) {
			in.PipeAt(fmt.Sprint(i*i%7), fmt.Sprint("v", i), 3*i-5*(i%4)+40)
		}
		return d
	})
}

func TestDebounceKeepsTheWholeRecord(t *testing.T) {
	d := streamstest.New(t, quietly(), streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	header := []processor.Header{{Key: "h", Value: []byte{}}}
	in.Send(processor.Record[string, string]{Key: "", HasKey: true, Time: 5, Headers: header})
	in.Send(processor.Record[string, string]{Value: "no key", HasValue: true, Time: 50})
	in.PipeAt("k", "v", 15)
	got := streamstest.Out[string, string](d, "out").Rest()
	if len(got) != 1 || got[0].HasValue || !got[0].HasKey || got[0].Time != 5 || len(got[0].Headers) != 1 || got[0].Headers[0].Value == nil {
		t.Errorf("got %+v", got)
	}
	for _, node := range []string{"debounced", "silent"} {
		if n := d.Dropped(node, "null_key"); n != 1 {
			t.Errorf("%s: %d null keys", node, n)
		}
	}
}

func TestSilenceAtTheEndOfTime(t *testing.T) {
	d := streamstest.New(t, quietly(), streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	for _, at := range []int64{0, graph.MaxTime - 20, graph.MaxTime - 10, 3} {
		in.PipeAt("k", "v", at)
	}
	want := fmt.Sprintf("k=v-0-%d@10, k=v-%d-%d@%d", graph.MaxTime-20, graph.MaxTime-20, graph.MaxTime-10, graph.MaxTime-10)
	if got := streamstest.Out[string, string](d, "gaps").Text(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if n := d.Dropped("debounced", "late"); n != 1 {
		t.Errorf("%d are late", n)
	}
}

// What the wall clock brought before a crash does not come again.
func TestSilenceByTheWallClockIsToldOnce(t *testing.T) {
	b := topology.New()
	topology.To(windowing.Debounce(topology.Stream[string, string](b, "in"), "held", time.Minute, windowing.ByWallClock()), "out")
	d := streamstest.New(t, b, streamstest.Config{})
	streamstest.In[string, string](d, "in").PipeAt("k", "v", 5)
	for range 3 {
		d.Advance(40 * time.Second)
		d.Crash()
	}
	if got, want := streamstest.Out[string, string](d, "out").Text(), "k=v@5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMistakesOfSilencesAreErrorsAtBuild(t *testing.T) {
	for _, c := range []struct {
		name, want string
		add        func(in topology.KStream[string, string])
	}{
		{"no span", "debounce: the span is 0s", func(in topology.KStream[string, string]) { windowing.Debounce(in, "held", 0) }},
		{"short span", "gaps: the span is 1µs", func(in topology.KStream[string, string]) { windowing.Gaps(in, "held", time.Microsecond) }},
		{"option", "KeepLast", func(in topology.KStream[string, string]) {
			windowing.Gaps(in, "held", time.Second, windowing.KeepLast())
		}},
		{"no serde of gaps", "no serde for", func(in topology.KStream[string, string]) {
			topology.To(windowing.Gaps(in, "held", time.Second), "out")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.New()
			c.add(topology.Stream[string, string](b, "in"))
			_, err := b.Describe()
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "quiet_test.go:") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
