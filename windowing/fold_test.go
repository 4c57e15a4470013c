package windowing_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

const ms = time.Millisecond

var short = windowing.Tumbling(10 * ms).Grace(5 * ms)

func grouped(b *topology.Builder) topology.KGroupedStream[string, string] {
	return topology.GroupByKey(topology.Stream[string, string](b, "in"))
}

// counting counts in short windows, and writes them as they are.
func counting() *topology.Builder {
	b := topology.New()
	topology.To(windowing.Count(grouped(b), "counts", short).ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	return b
}

func TestBytesAreThoseOfKafkaStreams(t *testing.T) {
	d := streamstest.New(t, counting(), streamstest.Config{})
	streamstest.In[string, string](d, "in").PipeAt("k", "v", 12)
	raw := topology.Serdes(serde.Bytes, serde.Bytes)
	for topic, want := range map[string]string{
		"out":                      "6b000000000000000a = 31 @12",
		d.ChangelogTopic("counts"): "6b000000000000000a00000000 = 0000000000000001 @12",
	} {
		r := streamstest.Out[[]byte, []byte](d, topic, raw).Rest()[0]
		if got := fmt.Sprintf("%s = %s @%d", hex.EncodeToString(r.Key), hex.EncodeToString(r.Value), r.Time); got != want {
			t.Errorf("%s: %s, want %s", topic, got, want)
		}
	}
}

// All windows of a key are in one partition, that of the key.
func TestWindowsOfAKeyShareAPartition(t *testing.T) {
	const partitions = 7
	d := streamstest.New(t, counting(), streamstest.Config{Partitions: map[string]int{"out": partitions}})
	in := streamstest.In[string, string](d, "in")
	for i := range int64(20) {
		in.PipeAt(fmt.Sprint("key", i%4), "v", i*10)
	}
	for _, r := range streamstest.Out[state.Windowed[string], int64](d, "out").Rest() {
		if want := graph.Partition([]byte(r.Key.Key), partitions); r.Partition != want {
			t.Errorf("%v is in partition %d, want %d", r.Key, r.Partition, want)
		}
	}
}

func TestRowsKeepTheirHighestTimeAndTheirOldValue(t *testing.T) {
	b := topology.New()
	rows := windowing.Reduce(grouped(b), "rows", short, func(row, v string) string { return row + v })
	lengths := topology.GroupTable(rows.KTable, func(w state.Windowed[string], v string) topology.Pair[string, string] {
		return topology.Pair[string, string]{Key: w.Key, Value: v}
	})
	topology.To(topology.Aggregate(lengths, "lengths", aggregate.Sum(func(v string) int64 { return int64(len(v)) })).ToStream(), "out")

	d := streamstest.New(t, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "ab", 8)
	in.PipeAt("k", "c", 3)
	in.PipeAt("k", "d", 11)
	want := "k=2@8, k=3@8, k=4@11"
	if got := streamstest.Out[string, int64](d, "out").Text(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	view := streamstest.Views[state.Window[string, string]](d, "rows")[0]
	if v, at, ok, err := view.GetWithTime("k", 0); v != "abc" || at != 8 || !ok || err != nil {
		t.Errorf("%q@%d, %v, %v", v, at, ok, err)
	}
}

// An accumulator that Add changes in place is not what was sent on before.
func TestOldRowsDoNotChange(t *testing.T) {
	b := topology.New()
	rows := windowing.Aggregate(grouped(b), "rows", short, aggregate.CollectList(strings.Clone, 10))
	first := topology.GroupTable(rows.KTable, func(_ state.Windowed[string], v []string) topology.Pair[string, []string] {
		return topology.Pair[string, []string]{Key: fmt.Sprint(len(v)), Value: v}
	},
		topology.ValueSerde(serde.JSON[[]string]()))
	topology.To(topology.Count(first, "sizes").ToStream(), "out")
	d := streamstest.New(t, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "a", 1)
	in.PipeAt("k", "b", 2)
	if got, want := streamstest.Out[string, int64](d, "out").Text(), "1=1@1, 1=0@2, 2=1@2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNullOfAFunctionDeletesTheRow(t *testing.T) {
	b := topology.New()
	rows := windowing.ReduceErr(grouped(b), "rows", short, func(row, v string) (string, error) {
		switch v {
		case "nothing":
			return "", processor.Null
		case "bad":
			return "", errors.New("no good")
		}
		return row + v, nil
	})
	topology.To(rows.ToStream(), "out")
	d := streamstest.New(t, b, streamstest.Config{Errors: processor.Policies{Process: processor.Policy{Then: processor.Skip}}})
	in := streamstest.In[string, string](d, "in")
	for i, v := range []string{"a", "bad", "b", "nothing", "c"} {
		in.PipeAt("k", v, int64(i))
	}
	if got, want := streamstest.Out[state.Windowed[string], string](d, "out").Text(), "k@[0,10)=a@0, k@[0,10)=ab@2, k@[0,10)=null@3, k@[0,10)=c@4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A record that fails has not moved the stream time.
func TestFailedRecordMakesNothingLate(t *testing.T) {
	b := topology.New()
	counts := windowing.Count(grouped(b), "counts", short)
	checked := topology.MapValuesErr(counts.ToStream(), func(n int64) (int64, error) { return n, nil })
	topology.To(topology.MapErr(checked, func(w state.Windowed[string], n int64) (string, int64, error) {
		if w.Start > 1000 {
			return "", 0, errors.New("from the future")
		}
		return w.String(), n, nil
	}), "out")
	d := streamstest.New(t, b, streamstest.Config{Errors: processor.Policies{Process: processor.Policy{Then: processor.Skip}}})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "v", 1)
	in.PipeAt("k", "v", 5000)
	in.PipeAt("k", "v", 2)
	if got, want := streamstest.Out[string, int64](d, "out").Text(), "k@[0,10)=1@1, k@[0,10)=2@2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The last window there is has no end that a number could hold.
func TestTimesAtTheEndOfTime(t *testing.T) {
	d := streamstest.New(t, counting(), streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "v", graph.MaxTime)
	in.PipeAt("k", "v", graph.MaxTime-10)
	in.PipeAt("k", "v", graph.MaxTime-15)
	in.PipeAt("k", "v", 0)
	const end = graph.MaxTime/10*10 + 10
	want := fmt.Sprintf("k@[%d,%d)=1@%d, k@[%d,%d)=1@%d", end-10, end, graph.MaxTime, end-20, end-10, graph.MaxTime-10)
	if got := streamstest.Out[state.Windowed[string], int64](d, "out").Text(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if w := state.WindowOf("k", math.MaxInt64-5, 10*ms); w.End != math.MaxInt64 {
		t.Errorf("the end is %d", w.End)
	}
}

// What happened in windows that are open, and what is late, is the same
// wherever the application is taken down.
func TestWindowsAreTheSameInTheWholeMatrix(t *testing.T) {
	streamstest.Matrix(t, streamstest.Config{}, func(cfg streamstest.Config) *streamstest.Driver {
		d := streamstest.New(t, counting(), cfg)
		in := streamstest.In[string, string](d, "in")
		for i := range int64(40) {
			in.PipeAt(fmt.Sprint(i%3), "v", 5*i-11*(i%4)+40)
		}
		return d
	})
}

func TestMistakesAreErrorsAtBuild(t *testing.T) {
	count := func(w windowing.Windows, opts ...topology.Option) func(b *topology.Builder) {
		return func(b *topology.Builder) { windowing.Count(grouped(b), "counts", w, opts...) }
	}
	for _, c := range []struct {
		name, want string
		add        func(b *topology.Builder)
	}{
		{"no windows", "the windows are nil", count(nil)},
		{"no size", "the size of a window is 0s", count(windowing.TimeWindows{})},
		{"negative size", "the size of a window is -1s", count(windowing.Tumbling(-time.Second))},
		{"less than a millisecond", "give whole milliseconds", count(windowing.Tumbling(1500 * time.Microsecond))},
		{"gaps", "windows of 1s every 2s leave out the time between them", count(windowing.Hopping(time.Second, 2*time.Second))},
		{"no advance", "the advance of windows is 0s", count(windowing.Hopping(time.Second, 0))},
		{"negative grace", "the grace of windows is -1ms", count(short.Grace(-ms))},
		{"endless grace", "too long together", count(short.Grace(math.MaxInt64 / ms * ms))},
		{"other option", "TTL", count(short, topology.TTL(time.Second))},
		{"function", "the function is nil", func(b *topology.Builder) { windowing.Reduce(grouped(b), "rows", short, nil) }},
		{"aggregation", "the aggregation needs Init, Add and Result", func(b *topology.Builder) {
			windowing.Aggregate(grouped(b), "rows", short, aggregate.Aggregation[string, int64, int64]{})
		}},
		{"windowed source", "topology.KeySerde(state.WindowedSerde(", func(b *topology.Builder) {
			topology.Stream[state.Windowed[string], string](b, "other")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.New()
			c.add(b)
			_, err := b.Describe()
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "fold_test.go:") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
