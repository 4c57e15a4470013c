package windowing_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// idOf is the first letter of a value.
func idOf(_, v string) string { return v[:min(1, len(v))] }

// deduplicating lets pass what is no duplicate in 10 ms.
func deduplicating(opts ...topology.Option) *topology.Builder {
	b := topology.New()
	once := windowing.Deduplicate(topology.Stream[string, string](b, "in"), "seen", 10*ms, idOf, opts...)
	topology.To(once, "out")
	topology.To(once.Late(), "late")
	return b
}

// uniques is deduplication as a list of all that has passed.
type uniques struct {
	span, now int64
	passed    map[string][]int64
}

// put says where a record goes.
func (m *uniques) put(id string, at int64) string {
	m.now = max(m.now, at)
	if at <= m.now-m.span {
		return "late"
	}
	for _, p := range m.passed[id] {
		if max(p-at, at-p) < m.span {
			return "dropped"
		}
	}
	m.passed[id] = append(m.passed[id], at)
	return "out"
}

func TestDeduplicateAgreesWithAList(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := &uniques{span: 10, now: -1, passed: map[string][]int64{}}
		d := streamstest.New(t, deduplicating(), streamstest.Config{CommitEvery: rapid.IntRange(1, 9).Draw(r, "commit")})
		defer d.Close()
		in := streamstest.In[string, string](d, "in")
		want := map[string][]string{}
		at := int64(0)
		for i := range rapid.IntRange(1, 120).Draw(r, "records") {
			at = max(0, at+rapid.Int64Range(-12, 14).Draw(r, "step"))
			id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "id")
			in.PipeAt("k", fmt.Sprint(id, i), at)
			to := m.put(id, at)
			want[to] = append(want[to], fmt.Sprintf("k=%s%d@%d", id, i, at))
			if rapid.IntRange(0, 20).Draw(r, "crash") == 0 {
				d.Commit()
				d.Crash()
			}
		}
		d.Commit()
		for _, topic := range []string{"out", "late"} {
			if diff := cmp.Diff(strings.Join(want[topic], ", "), streamstest.Out[string, string](d, topic).Text()); diff != "" {
				r.Fatalf("%s (-want +got):\n%s", topic, diff)
			}
		}
	})
}

func TestDuplicatesAreTheSameInTheWholeMatrix(t *testing.T) {
	for name, opts := range map[string][]topology.Option{"first": nil, "last": {windowing.KeepLast()}} {
		t.Run(name, func(t *testing.T) {
			streamstest.Matrix(t, streamstest.Config{}, func(cfg streamstest.Config) *streamstest.Driver {
				d := streamstest.New(t, deduplicating(opts...), cfg)
				in := streamstest.In[string, string](d, "in")
				for i := range int64(60) {
					in.PipeAt(fmt.Sprint(i%5), string(rune('a'+i%3))+"x", 3*i-7*(i%4)+40)
				}
				return d
			})
		})
	}
}

// Of an id in a span the last record by event time passes, with its headers.
func TestKeepLastKeepsTheWholeRecord(t *testing.T) {
	d := streamstest.New(t, deduplicating(windowing.KeepLast()), streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	header := []processor.Header{{Key: "h", Value: []byte("1")}, {Key: "null"}}
	in.Send(processor.Record[string, string]{Value: "a1", HasValue: true, Time: 1})
	in.Send(processor.Record[string, string]{Value: "a2", HasValue: true, Time: 5, Headers: header})
	in.PipeAt("k", "a3", 4)
	in.PipeAt("k", "", 7)
	in.PipeAt("k", "b1", 11)
	got := streamstest.Out[string, string](d, "out").Rest()
	if len(got) != 1 {
		t.Fatalf("%d records passed: %v", len(got), got)
	}
	want := processor.Record[string, string]{Value: "a2", HasValue: true, Time: 5, Headers: header}
	if diff := cmp.Diff(want, got[0].Record); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Composite ids need a serde, as any other key of a store.
func TestCompositeIDs(t *testing.T) {
	type id struct{ Key, Letter string }
	b := topology.New()
	topology.Register(b, serde.JSON[id]())
	once := windowing.Deduplicate(topology.Stream[string, string](b, "in"), "seen", time.Hour, func(k, v string) id { return id{k, v[:1]} })
	topology.To(once, "out")
	d := streamstest.New(t, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	for _, kv := range []string{"k=a1", "k=b1", "l=a2", "k=a3"} {
		key, value, _ := strings.Cut(kv, "=")
		in.PipeAt(key, value, 1)
	}
	if got, want := streamstest.Out[string, string](d, "out").Text(), "k=a1@1, k=b1@1, l=a2@1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDuplicatesAtTheEndOfTime(t *testing.T) {
	for name, opts := range map[string][]topology.Option{"first": nil, "last": {windowing.KeepLast()}} {
		t.Run(name, func(t *testing.T) {
			d := streamstest.New(t, deduplicating(opts...), streamstest.Config{})
			in := streamstest.In[string, string](d, "in")
			for _, at := range []int64{0, 0, graph.MaxTime - 12, graph.MaxTime, graph.MaxTime, 5} {
				in.PipeAt("k", "a", at)
			}
			want := fmt.Sprintf("k=a@0, k=a@%d, k=a@%d", graph.MaxTime-12, graph.MaxTime)
			if name == "last" {
				want = fmt.Sprintf("k=a@0, k=a@%d", graph.MaxTime-12)
			}
			if got := streamstest.Out[string, string](d, "out").Text(); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if got := streamstest.Out[string, string](d, "late").Text(); got != "k=a@5" {
				t.Errorf("late: %s", got)
			}
		})
	}
}

func TestMistakesOfDeduplicateAreErrorsAtBuild(t *testing.T) {
	type id struct{ N int }
	for _, c := range []struct {
		name, want string
		add        func(in topology.KStream[string, string])
	}{
		{"no span", "the span is 0s", func(in topology.KStream[string, string]) { windowing.Deduplicate(in, "seen", 0, idOf) }},
		{"long span", "the span is 2562047h", func(in topology.KStream[string, string]) {
			windowing.Deduplicate(in, "seen", 1<<63-1-(1<<63-1)%time.Hour, idOf)
		}},
		{"no function", "the function is nil", func(in topology.KStream[string, string]) {
			windowing.Deduplicate[string, string, string](in, "seen", time.Second, nil)
		}},
		{"no serde", "no serde for", func(in topology.KStream[string, string]) {
			windowing.Deduplicate(in, "seen", time.Second, func(string, string) id { return id{} })
		}},
		{"option", "TTL", func(in topology.KStream[string, string]) {
			windowing.Deduplicate(in, "seen", time.Second, idOf, topology.TTL(time.Second))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.New()
			c.add(topology.Stream[string, string](b, "in"))
			_, err := b.Describe()
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "dedup_test.go:") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
