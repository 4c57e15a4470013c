package windowing_test

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// brief are sessions with a gap of 5 ms and a grace of 10.
var brief = windowing.Sessions(5 * ms).Grace(10 * ms)

func countingSessions(opts ...topology.Option) *topology.Builder {
	b := topology.New()
	topology.To(windowing.Count(grouped(b), "counts", brief, opts...).ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	return b
}

func TestBytesOfSessionsAreThoseOfKafkaStreams(t *testing.T) {
	d := streamstest.New(t, countingSessions(), streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "v", 5)
	in.PipeAt("k", "v", 1)
	raw := topology.Serdes(serde.Bytes, serde.Bytes)
	for topic, want := range map[string]string{
		"out": "6b00000000000000050000000000000005=31@5 6b00000000000000050000000000000005=@5 6b00000000000000050000000000000001=32@5",
		// As there, the records of the changelog have the times of those of the input.
		d.ChangelogTopic("counts"): "6b00000000000000050000000000000005=0000000000000001@5 6b00000000000000050000000000000005=@1 6b00000000000000050000000000000001=0000000000000002@1",
	} {
		var got []string
		for _, r := range streamstest.Out[[]byte, []byte](d, topic, raw).Rest() {
			got = append(got, fmt.Sprintf("%s=%s@%d", hex.EncodeToString(r.Key), hex.EncodeToString(r.Value), r.Time))
		}
		if diff := diff.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", topic, diff)
		}
	}
}

// A session that grows with each record of a transaction is logged once.
func TestChangelogHearsOfSessionsOnce(t *testing.T) {
	d := streamstest.New(t, countingSessions(), streamstest.Config{ManualCommit: true})
	in := streamstest.In[string, string](d, "in")
	for i := range int64(100) {
		in.PipeAt("k", "v", 2*i)
	}
	d.Commit()
	got := streamstest.Out[state.Windowed[string], int64](d, d.ChangelogTopic("counts"), topology.Serdes(state.SessionSerde(serde.String), serde.Int64)).Text()
	if want := "k@[0,198)=100@198"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A table behind sessions gets to know what each row was: the changes add up.
// An accumulator that Merge and Add change in place is not what was sent on.
func TestChangesOfSessionsAddUp(t *testing.T) {
	b := topology.New()
	number := aggregate.New(func() []int64 { return []int64{0} }, func(acc []int64, _ string) ([]int64, error) {
		acc[0]++
		return acc, nil
	})
	number.Merge = func(x, y []int64) ([]int64, error) {
		x[0] += y[0]
		return x, nil
	}
	rows := windowing.Aggregate(grouped(b), "rows", brief.Grace(20*ms), number, topology.ValueSerde(serde.JSON[[]int64]()))
	all := topology.GroupTable(rows.KTable, func(_ state.Windowed[string], v []int64) topology.Pair[string, int64] {
		return topology.Pair[string, int64]{Key: "all", Value: v[0]}
	})
	topology.To(topology.Aggregate(all, "sums", aggregate.Sum(func(n int64) int64 { return n })).ToStream(), "out")
	d := streamstest.New(t, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	for i, at := range []int64{10, 10, 20, 15, 12, 3, 8} { // 15 reaches both, 3 is alone until 8 comes
		in.PipeAt("k", "v", at)
		last := ""
		for _, r := range streamstest.Out[string, int64](d, "out").Rest() {
			last = fmt.Sprint(r.Value)
		}
		if want := fmt.Sprint(i + 1); last != want {
			t.Errorf("after %d records: %s", i+1, last)
		}
	}
}

func TestNullOfAFunctionDeletesTheSession(t *testing.T) {
	b := topology.New()
	rows := windowing.ReduceErr(grouped(b), "rows", brief, func(row, v string) (string, error) {
		switch v {
		case "nothing":
			return "", processor.Null
		case "bad":
			return "", errors.New("no good")
		}
		return row + v, nil
	})
	topology.To(rows.ToStream(), "out", topology.KeySerde(state.SessionSerde(serde.String)))
	d := streamstest.New(t, b, streamstest.Config{Errors: processor.Policies{Process: processor.Policy{Then: processor.Skip}}})
	in := streamstest.In[string, string](d, "in")
	for i, v := range []string{"a", "bad", "nothing", "b", "nothing"} {
		in.PipeAt("k", v, []int64{1, 1, 3, 4, 4}[i])
	}
	want := "k@[1,1)=a@1, k@[1,1)=null@1, k@[1,3)=null@3, k@[4,4)=b@4, k@[4,4)=null@4"
	if got := streamstest.Out[state.Windowed[string], string](d, "out").Text(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A closed session is final, even if the store has it still, since a null value
// has moved the stream time only.
func TestClosedSessionsDoNotGrow(t *testing.T) {
	b := topology.New()
	rows := windowing.Reduce(grouped(b), "rows", windowing.Sessions(5*ms), joinText, windowing.EmitOnClose())
	topology.To(rows.ToStream(), "out")
	d := streamstest.New(t, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "a", 10)
	in.Send(processor.Record[string, string]{Key: "k", HasKey: true, Time: 16})
	in.PipeAt("k", "b", 12)
	in.PipeAt("k", "c", 30)
	if got, want := streamstest.Out[state.Windowed[string], string](d, "out").Text(), "k@[10,10)=a@10, k@[12,12)=b@12"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func joinText(row, v string) string { return row + v }

func TestSessionsAtTheEndsOfTime(t *testing.T) {
	for name, w := range map[string]windowing.SessionWindows{
		"same":   windowing.Sessions(math.MaxInt64 / 4 / ms * ms).Grace(math.MaxInt64 / 4 / ms * ms),
		"by all": windowing.SessionsBy(func(string) time.Duration { return math.MaxInt64 }, math.MaxInt64/4/ms*ms),
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.New()
			topology.To(windowing.Count(grouped(b), "counts", w).ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
			d := streamstest.New(t, b, streamstest.Config{})
			in := streamstest.In[string, string](d, "in")
			in.PipeAt("k", "v", graph.MaxTime)
			in.PipeAt("k", "v", graph.MaxTime-1)
			in.PipeAt("k", "v", 0)
			var counts []string
			for _, r := range streamstest.Out[state.Windowed[string], int64](d, "out").Rest() {
				counts = append(counts, fmt.Sprint(r.Value, r.HasValue))
			}
			if diff := diff.Diff([]string{"1 true", "0 false", "2 true"}, counts); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What happened in sessions that are open, and what is late, is the same
// wherever the application is taken down; so is what was sent on when they
// closed, once each.
func TestSessionsAreTheSameInTheWholeMatrix(t *testing.T) {
	for name, opts := range map[string][]topology.Option{"updates": nil, "on close": {windowing.EmitOnClose()}} {
		t.Run(name, func(t *testing.T) {
			streamstest.Matrix(t, streamstest.Config{}, func(cfg streamstest.Config) *streamstest.Driver {
				d := streamstest.New(t, countingSessions(opts...), cfg)
				in := streamstest.In[string, string](d, "in")
				for i := range int64(40) {
					in.PipeAt(fmt.Sprint(i%3), "v", 4*i-7*(i%4)+40)
				}
				return d
			})
		})
	}
}

// moment is a record, and where its gap ends.
type moment struct{ at, until int64 }

// hanging are sessions as what hangs together among all records so far, but for
// those that grow no more.
type hanging struct {
	open, closed map[string][][]moment // by key
	time         int64
	newest       int64 // the end of the last session
}

func bounds(s []moment) (start, until int64) {
	start, until = s[0].at, s[0].until
	for _, r := range s {
		start, until = min(start, r.at), max(until, r.until)
	}
	return start, until
}

// add puts a record in, unless it is late. A session is over once the stream
// time has passed its last gap by the grace. With one gap for all it does not
// grow any more as soon as that of the store is there.
func (n *hanging) add(key string, r moment, grace int64, by bool) {
	n.time = max(n.time, r.at)
	over := func(s []moment) bool { _, until := bounds(s); return until+grace < n.time }
	stays := func(s []moment) bool { _, until := bounds(s); return !by && until+grace <= n.newest }
	records := []moment{r}
	for _, s := range n.open[key] {
		if over(s) || stays(s) {
			n.closed[key] = append(n.closed[key], s)
		} else {
			records = append(records, s...)
		}
	}
	slices.SortFunc(records, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	var groups [][]moment
	for _, r := range records {
		if n := len(groups); n > 0 {
			if _, until := bounds(groups[n-1]); r.at <= until {
				groups[n-1] = append(groups[n-1], r)
				continue
			}
		}
		groups = append(groups, []moment{r})
	}
	// Only the record's own group can be over: it is late then.
	n.open[key] = slices.DeleteFunc(groups, over)
	for _, s := range n.open[key] {
		_, until := bounds(s)
		n.newest = max(n.newest, until-(r.until-r.at))
	}
}

// text is the rows; of two sessions with the same bounds the later one counts.
func (n *hanging) text(gap int64, by bool) []string {
	rows := map[string]string{}
	for _, all := range []map[string][][]moment{n.closed, n.open} {
		for key, sessions := range all {
			for _, s := range sessions {
				start, until := bounds(s)
				if !by {
					until -= gap
				}
				name := fmt.Sprintf("%s@[%d,%d]", key, start, until)
				rows[name] = fmt.Sprintf("%s=%d", name, len(s))
			}
		}
	}
	return slices.Sorted(maps.Values(rows))
}

// A session that closes with the next millisecond grows no more, as in Kafka
// Streams: what comes for it begins anew. A table behind is told what is
// replaced by that.
func TestSessionsDoNotGrowInTheirLastMillisecond(t *testing.T) {
	b := topology.New()
	counts := windowing.Count(grouped(b), "counts", brief)
	topology.To(counts.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	all := topology.GroupTable(counts.KTable, func(_ state.Windowed[string], n int64) topology.Pair[string, int64] {
		return topology.Pair[string, int64]{Key: "all", Value: n}
	})
	topology.To(topology.Aggregate(all, "sums", aggregate.Sum(func(n int64) int64 { return n })).ToStream(), "sums", topology.ValueSerde(serde.DecimalInt64))
	d := streamstest.New(t, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	out := streamstest.Out[state.Windowed[string], int64](d, "out", topology.ValueSerde(serde.DecimalInt64))
	sums := streamstest.Out[string, int64](d, "sums", topology.ValueSerde(serde.DecimalInt64))
	for _, r := range []struct {
		key        string
		at         int64
		want, sums string
	}{
		{"k", 10, "k@[10,10)=1@10", "all=1@10"},
		{"other", 24, "other@[24,24)=1@24", "all=2@24"},
		{"k", 10, "k@[10,10)=2@10", "all=3@24"},
		{"other", 25, "other@[24,24)=null@24, other@[24,25)=2@25", "all=2@24, all=4@25"},
		{"k", 10, "k@[10,10)=1@10", "all=3@25"}, // in the place of the one with 2
		{"k", 10, "k@[10,10)=1@10", "all=3@25"},
		{"k", 15, "k@[15,15)=1@15", "all=4@25"}, // and not [10,15]
		{"other", 26, "other@[24,25)=null@25, other@[24,26)=3@26", "all=2@25, all=5@26"},
		{"k", 9, "", ""}, // late
		{"k", 14, "k@[15,15)=null@15, k@[14,15)=2@15", "all=4@26, all=6@26"},
	} {
		in.PipeAt(r.key, "v", r.at)
		if rows, sums := out.Text(), sums.Text(); rows != r.want || sums != r.sums {
			t.Errorf("%s at %d: got %q and %q, want %q and %q", r.key, r.at, rows, sums, r.want, r.sums)
		}
	}
}

// Whatever the order of the records, sessions are what hangs together.
func TestSessionsAgreeWithWhatHangsTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gap, grace := rapid.Int64Range(1, 12).Draw(t, "gap"), rapid.Int64Range(0, 20).Draw(t, "grace")
		by := rapid.Bool().Draw(t, "by the record")
		w := windowing.Sessions(time.Duration(gap) * ms)
		if by {
			w = windowing.SessionsBy(func(v int64) time.Duration { return time.Duration(v) * ms }, time.Duration(gap)*ms)
		}
		b := topology.New()
		in := topology.GroupByKey(topology.Stream[string, int64](b, "in"))
		counts := windowing.Count(in, "counts", w.Grace(time.Duration(grace)*ms))
		topology.To(counts.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
		d := streamstest.New(nil, b, streamstest.Config{})
		defer d.Close()
		records := streamstest.In[string, int64](d, "in")

		model := hanging{open: map[string][][]moment{}, closed: map[string][][]moment{}}
		time := int64(30)
		for range rapid.IntRange(1, 40).Draw(t, "records") {
			time += rapid.Int64Range(0, 6).Draw(t, "passed")
			at := max(0, time-rapid.SampledFrom([]int64{0, 0, 1, 3, 8, 15, 30}).Draw(t, "late by"))
			key, own := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"), gap
			if by {
				own = rapid.Int64Range(0, gap).Draw(t, "own gap")
			}
			records.PipeAt(key, own, at)
			model.add(key, moment{at, at + own}, grace, by)
		}
		rows := map[string]string{}
		for _, r := range streamstest.Out[state.Windowed[string], int64](d, "out").Rest() {
			name := fmt.Sprintf("%s@[%d,%d]", r.Key.Key, r.Key.Start, r.Key.End)
			delete(rows, name)
			if r.HasValue {
				rows[name] = fmt.Sprintf("%s=%d", name, r.Value)
			}
		}
		if diff := diff.Diff(model.text(gap, by), slices.Sorted(maps.Values(rows))); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestMistakesOfSessionsAreErrorsAtBuild(t *testing.T) {
	count := func(w windowing.SessionWindows, opts ...topology.Option) func(b *topology.Builder) {
		return func(b *topology.Builder) { windowing.Count(grouped(b), "counts", w, opts...) }
	}
	for _, c := range []struct {
		name, want string
		add        func(b *topology.Builder)
	}{
		{"no gap", "the gap of sessions is 0s", count(windowing.SessionWindows{})},
		{"less than a millisecond", "give whole milliseconds", count(windowing.Sessions(1500 * time.Microsecond))},
		{"negative grace", "the grace of windows is -1ms", count(brief.Grace(-ms))},
		{"endless grace", "too long together", count(brief.Grace(math.MaxInt64 / ms * ms))},
		{"no function", "the function of SessionsBy is nil", count(windowing.SessionsBy[string](nil, time.Second))},
		{"function of another type", "the values are string and the function of SessionsBy takes int64", count(windowing.SessionsBy(func(int64) time.Duration { return 0 }, time.Second))},
		{"no merge", "the aggregation has no Merge", func(b *topology.Builder) {
			add := aggregate.New(func() string { return "" }, func(acc, v string) (string, error) { return acc + v, nil })
			windowing.Aggregate(grouped(b), "rows", brief, add)
		}},
		{"no function to reduce", "the function is nil", func(b *topology.Builder) { windowing.Reduce(grouped(b), "rows", brief, nil) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.New()
			c.add(b)
			_, err := b.Describe()
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "sessions_test.go:") {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(c.name, "function to reduce") && strings.Contains(err.Error(), "Merge") {
				t.Errorf("an error too many: %v", err)
			}
		})
	}
}
