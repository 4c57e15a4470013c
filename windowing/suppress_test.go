package windowing_test

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// suppressing suppresses the counts of keys.
func suppressing(until windowing.Until) *topology.Builder {
	b := topology.New()
	fewer := windowing.Suppress(topology.Count(grouped(b), "counts"), "held", until)
	topology.To(fewer.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	return b
}

// final suppresses counts in short windows until those close.
func final() *topology.Builder {
	b := topology.New()
	counts := windowing.Count(grouped(b), "counts", short)
	filtered := counts.Filter(func(w state.Windowed[string], _ int64) bool { return w.Key != "quiet" })
	topology.To(windowing.Suppress(filtered, "held", windowing.UntilClose()).ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
	return b
}

// Version 3 of BufferValue: context, prior, old, new, and the buffer's time.
func TestSuppressedBytesAreThoseOfKafkaStreams(t *testing.T) {
	d := streamstest.New(t, suppressing(windowing.UntilLimit(10*ms)), streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "v", 7)
	in.PipeAt("k", "v", 9)
	in.PipeAt("k", "v", 17)
	in.PipeAt("k", "v", 20)
	log := streamstest.Out[[]byte, []byte](d, d.ChangelogTopic("held"), topology.Serdes(serde.Bytes, serde.Bytes)).Rest()
	const context = " ffffffffffffffff 00000000 ffffffff 00000000 "
	for i, want := range []string{
		"0000000000000007" + context + "ffffffff ffffffff 00000008 0000000000000001 0000000000000007",
		"0000000000000009" + context + "ffffffff ffffffff 00000008 0000000000000002 0000000000000007",
		"",
		"0000000000000014" + context + "00000008 0000000000000003 fffffffe 00000008 0000000000000004 0000000000000014",
	} {
		if got := hex.EncodeToString(log[i].Value); string(log[i].Key) != "k" || got != strings.ReplaceAll(want, " ", "") {
			t.Errorf("record %d: %s, want %s", i, got, want)
		}
	}
}

func TestSuppressedRowsAreTheSameInTheWholeMatrix(t *testing.T) {
	for name, build := range map[string]func() *topology.Builder{
		"close":   final,
		"limit":   func() *topology.Builder { return suppressing(windowing.UntilLimit(20 * ms)) },
		"records": func() *topology.Builder { return suppressing(windowing.UntilLimit(time.Hour).MaxRecords(3)) },
		"bytes":   func() *topology.Builder { return suppressing(windowing.UntilLimit(100 * ms).MaxBytes(180)) },
	} {
		t.Run(name, func(t *testing.T) {
			streamstest.Matrix(t, streamstest.Config{}, func(cfg streamstest.Config) *streamstest.Driver {
				d := streamstest.New(t, build(), cfg)
				in := streamstest.In[string, string](d, "in")
				for i := range int64(60) {
					in.PipeAt(fmt.Sprint(i%5), "v", 5*i-11*(i%4)+40)
				}
				return d
			})
		})
	}
}

// naive is suppress as a list that is sorted for each record.
type naive struct {
	wait   int64
	limit  int
	counts map[string]int64
	held   []waitingRow
	now    int64
	out    []string
}

type waitingRow struct {
	key      string
	at, time int64
	n        int64
}

func (m *naive) put(key string, timeMs int64) {
	m.counts[key]++
	m.now = max(m.now, timeMs)
	i := slices.IndexFunc(m.held, func(r waitingRow) bool { return r.key == key })
	if i < 0 {
		i = len(m.held)
		m.held = append(m.held, waitingRow{key: key, at: timeMs})
	}
	m.held[i].time, m.held[i].n = timeMs, m.counts[key]
	slices.SortFunc(m.held, func(a, b waitingRow) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return strings.Compare(a.key, b.key)
	})
	for len(m.held) > 0 && (m.held[0].at <= m.now-m.wait || len(m.held) > m.limit) {
		r := m.held[0]
		m.out = append(m.out, fmt.Sprintf("%s=%d@%d", r.key, r.n, r.time))
		m.held = m.held[1:]
	}
}

func TestSuppressAgreesWithASortedList(t *testing.T) {
	for seed := range uint64(30) {
		m := &naive{wait: int64(seed%7)*6 + 1, limit: int(seed%5)*3 + 2, counts: map[string]int64{}, now: -1}
		d := streamstest.New(t, suppressing(windowing.UntilLimit(time.Duration(m.wait)*ms).MaxRecords(m.limit)), streamstest.Config{CommitEvery: int(seed%4) + 1})
		in := streamstest.In[string, string](d, "in")
		last := map[string]int64{} // a row keeps its highest time
		for i := range int64(150) {
			n := (uint64(i)*2654435761 + seed*40503) >> 7
			key := fmt.Sprint("k", n%11)
			at := max(0, i*2+int64(n%17)-8)
			in.PipeAt(key, "v", at)
			last[key] = max(last[key], at)
			m.put(key, last[key])
		}
		d.Commit()
		got := streamstest.Out[string, int64](d, "out", topology.ValueSerde(serde.DecimalInt64)).Text()
		if want := strings.Join(m.out, ", "); got != want {
			t.Fatalf("seed %d:\n got %s\nwant %s", seed, got, want)
		}
	}
}

// A row that does not fit fails its record, which leaves no trace.
func TestFullBufferFails(t *testing.T) {
	for _, until := range []windowing.Until{windowing.UntilLimit(time.Hour).MaxRecords(2).OrFail(), windowing.UntilLimit(time.Hour).MaxBytes(125).OrFail()} {
		var failed []string
		d := streamstest.New(t, suppressing(until), streamstest.Config{
			Errors:  processor.Policies{Process: processor.Policy{Then: processor.Skip}},
			OnError: func(e *processor.Error, _ processor.Action) { failed = append(failed, e.Err.Error()) },
		})
		in := streamstest.In[string, string](d, "in")
		for i, key := range []string{"a", "b", "c", "a"} {
			in.PipeAt(key, "v", int64(i))
		}
		if len(failed) != 1 || !strings.Contains(failed[0], "3 rows of ") || !strings.Contains(failed[0], "raise the bound") {
			t.Errorf("%s: %q", until, failed)
		}
		in.PipeAt("b", "v", time.Hour.Milliseconds()+1)
		if got, want := streamstest.Out[string, int64](d, "out", topology.ValueSerde(serde.DecimalInt64)).Text(), "a=2@3, b=2@3600001"; got != want {
			t.Errorf("%s: got %s, want %s", until, got, want)
		}
	}
}

func TestFinalRowsMayNotPassEarly(t *testing.T) {
	b := topology.New()
	windowing.Suppress(windowing.Count(grouped(b), "counts", short), "held", windowing.UntilClose().MaxRecords(1))
	d := streamstest.New(t, b, streamstest.Config{Errors: processor.Policies{Process: processor.Policy{Then: processor.Skip}}})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("a", "v", 1)
	in.PipeAt("b", "v", 2)
	if n := d.Dropped("source-1", "skipped"); n != 1 {
		t.Errorf("%d records were skipped, want 1: %v", n, d.Metrics())
	}
}

// A window whose row was deleted does not pass.
func TestDeletedWindowsDoNotPass(t *testing.T) {
	b := topology.New()
	rows := windowing.ReduceErr(grouped(b), "rows", short, func(row, v string) (string, error) {
		if v == "nothing" {
			return "", processor.Null
		}
		return row + v, nil
	})
	topology.To(windowing.Suppress(rows, "held", windowing.UntilClose()).ToStream(), "out")
	d := streamstest.New(t, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("a", "x", 1)
	in.PipeAt("b", "x", 2)
	in.PipeAt("a", "nothing", 3)
	in.PipeAt("c", "x", 100)
	if got, want := streamstest.Out[state.Windowed[string], string](d, "out").Text(), "b@[0,10)=x@2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Behind, a row is what passed last, however often it has changed.
func TestSuppressedTableIsLookedUpAsItPassed(t *testing.T) {
	b := topology.New()
	counts := topology.Count(grouped(b), "counts")
	fewer := windowing.Suppress(counts, "held", windowing.UntilLimit(10*ms))
	var updates, passed []string
	note := func(list *[]string) func(string, int64, int64, bool) {
		return func(key string, n, timeMs int64, ok bool) {
			*list = append(*list, fmt.Sprintf("%s=%d@%d %v", key, n, timeMs, ok))
		}
	}
	windowing.LookUp(windowing.Before(fewer, counts), note(&updates))
	windowing.LookUp(fewer, note(&passed))
	d := streamstest.New(t, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	for _, at := range []int64{1, 12, 13} {
		in.PipeAt("k", "v", at)
	}
	if got, want := strings.Join(passed, ", "), "k=2@12 true"; got != want {
		t.Errorf("when it passed: %s, want %s", got, want)
	}
	if got, want := strings.Join(updates, ", "), "k=0@-1 false, k=2@12 true, k=2@-1 true"; got != want {
		t.Errorf("after each update: %s, want %s", got, want)
	}
}

func TestTimesAtTheEndOfTimeAreSuppressed(t *testing.T) {
	d := streamstest.New(t, final(), streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "v", 0)
	in.PipeAt("k", "v", graph.MaxTime)
	in.PipeAt("k", "v", 1)
	if got, want := streamstest.Out[state.Windowed[string], int64](d, "out").Text(), "k@[0,10)=1@0"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMistakesOfSuppressAreErrorsAtBuild(t *testing.T) {
	plain := func(until windowing.Until, opts ...topology.Option) func(b *topology.Builder) {
		return func(b *topology.Builder) {
			windowing.Suppress(topology.Count(grouped(b), "counts"), "held", until, opts...)
		}
	}
	for _, c := range []struct {
		name, want string
		add        func(b *topology.Builder)
	}{
		{"no windows", "UntilClose needs keys of an aggregation in windows", plain(windowing.UntilClose())},
		{"no limit", "a limit of 0s", plain(windowing.Until{})},
		{"negative", "a limit of -1s", plain(windowing.UntilLimit(-time.Second))},
		{"less than a millisecond", "whole milliseconds", plain(windowing.UntilLimit(1500 * time.Microsecond))},
		{"no records", "the bounds are 0 records", plain(windowing.UntilLimit(time.Second).MaxRecords(0))},
		{"no bytes", "the bounds are 3 records and -1 bytes", plain(windowing.UntilLimit(time.Second).MaxRecords(3).MaxBytes(-1))},
		{"no bound", "OrFail without a bound", plain(windowing.UntilLimit(time.Second).OrFail())},
		{"other option", "TTL", plain(windowing.UntilLimit(time.Second), topology.TTL(time.Second))},
		{"same name", "is also given", func(b *topology.Builder) {
			windowing.Suppress(topology.Count(grouped(b), "held"), "held", windowing.UntilLimit(time.Second))
		}},
		{"versioned", "the table is versioned", func(b *topology.Builder) {
			rows := topology.Table[string, string](b, "in", "rows", topology.Versioned(time.Hour))
			windowing.Suppress(rows, "held", windowing.UntilLimit(time.Second))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.New()
			c.add(b)
			_, err := b.Describe()
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "suppress_test.go:") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// A change that came out of order leaves the row as it is, also the one that is
// held back.
func TestAStaleChangeIsNotTheRowThatIsHeldBack(t *testing.T) {
	b := topology.New()
	rows := topology.Table[string, string](b, "in", "rows", topology.Versioned(time.Second))
	mapped := topology.MapTable(rows, func(v string) string { return v + "!" }, topology.Stored("mapped"))
	topology.To(windowing.Suppress(mapped, "held", windowing.UntilLimit(10*ms)).ToStream(), "out")
	d := streamstest.New(t, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	in.PipeAt("k", "new", 105)
	in.PipeAt("k", "old", 103)
	in.PipeAt("other", "x", 120)
	if got, want := streamstest.Out[string, string](d, "out").Text(), "k=new!@105"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
