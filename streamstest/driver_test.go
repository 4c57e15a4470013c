package streamstest_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// failing is a test that notes why it failed. As in a real one, Fatalf ends
// its goroutine.
type failing struct{ why string }

func (f *failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) {
	f.why = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failure is what fn fails a test with.
func failure(fn func(tb streamstest.TB)) string {
	f := &failing{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn(f)
	}()
	<-done
	return f.why
}

func TestMistakesFailTheTest(t *testing.T) {
	for want, mistake := range map[string]func(d *streamstest.Driver){
		`the topology does not read the topic "line", it reads lines, test-counts-repartition`: func(d *streamstest.Driver) {
			streamstest.In[string, string](d, "line")
		},
		`nothing writes the topic "total", the topology writes test-counts-repartition, totals`: func(d *streamstest.Driver) {
			streamstest.Out[string, int64](d, "total")
		},
		`topic lines: value: the serde given is of int64 and not of string`: func(d *streamstest.Driver) {
			streamstest.In[string, string](d, "lines", topology.ValueSerde(serde.Int64))
		},
		`topic lines: key: no serde for streamstest_test.failing: register one`: func(d *streamstest.Driver) {
			streamstest.In[failing, string](d, "lines")
		},
		`topic lines has no partition 1, it has 1: see Config.Partitions`: func(d *streamstest.Driver) {
			streamstest.In[string, string](d, "lines").To(1)
		},
		`topic totals has no more records, 0 were read`: func(d *streamstest.Driver) {
			streamstest.Out[string, int64](d, "totals").Read()
		},
		`topic totals partition 0 offset 0: `: func(d *streamstest.Driver) {
			streamstest.In[string, string](d, "lines").Pipe("", "a")
			streamstest.Out[string, bool](d, "totals").Read()
		},
		`the topology has no store "count"`: func(d *streamstest.Driver) {
			streamstest.Store[string, int64](d, "count")
		},
		`store counts is of string, int64 and no state.ReadOnly[string,int32]`: func(d *streamstest.Driver) {
			streamstest.Store[string, int32](d, "counts")
		},
		`there is no instance 1, they are numbered from 0 to 0`: func(d *streamstest.Driver) {
			d.CrashAt(streamstest.AfterEnd, 1)
		},
		`there is no step 9 of a commit`: func(d *streamstest.Driver) { d.CrashAt(9) },
		`an application has at least one instance`: func(d *streamstest.Driver) {
			d.Rebalance(0)
		},
	} {
		got := failure(func(tb streamstest.TB) { mistake(streamstest.New(tb, wordCount(), streamstest.Config{})) })
		if !strings.HasPrefix(got, "streamstest: "+want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	for want, cfg := range map[string]streamstest.Config{
		"config: Instances is -1: an application needs at least one":       {Instances: -1},
		"config: Partitions of lines is 0: a topic has at least one":       {Partitions: map[string]int{"lines": 0}},
		"task 0_0: Policies.Process: dead_letter needs Policies.DeadLette": {Errors: processor.Policies{Process: processor.Policy{Then: processor.DeadLetter}}},
	} {
		got := failure(func(tb streamstest.TB) { streamstest.New(tb, wordCount(), cfg) })
		if !strings.HasPrefix(got, "streamstest: "+want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	got := failure(func(tb streamstest.TB) { streamstest.New(tb, topology.New(), streamstest.Config{}) })
	if got != "streamstest: the topology is empty" {
		t.Errorf("got %q", got)
	}
}

// Rows that are computed on demand can be listed by nobody.
func TestATableWithoutAStoreSaysWhatToDo(t *testing.T) {
	got := failure(func(tb streamstest.TB) {
		b := topology.New()
		rows := topology.Table[string, string](b, "rows", "rows-store")
		rows.Filter(func(string, string) bool { return true }, topology.Name("some")).ToStream()
		streamstest.Store[string, string](streamstest.New(tb, b, streamstest.Config{}), "some")
	})
	if !strings.Contains(got, `"some" has no store of its own: if it is a table, the option Stored gives it one`) {
		t.Errorf("got %q", got)
	}
}

func TestWithoutATestFailuresPanic(t *testing.T) {
	defer func() {
		if got := recover(); got != `streamstest: the topology has no store "none"` {
			t.Errorf("got %v", got)
		}
	}()
	streamstest.Store[string, string](streamstest.New(nil, wordCount(), streamstest.Config{}), "none")
}

// numbers reads numbers, fails for 13, and doubles the others.
func numbers(policy ...topology.Option) *topology.Builder {
	b := topology.New()
	in := topology.Stream[string, int64](b, "in", append(policy, topology.ValueSerde(serde.DecimalInt64))...)
	doubled := topology.MapValuesErr(in, func(n int64) (int64, error) {
		if n == 13 {
			return 0, errors.New("unlucky")
		}
		return 2 * n, nil
	}, topology.Name("double"))
	topology.To(doubled, "out", topology.ValueSerde(serde.DecimalInt64))
	return b
}

func TestFailureIsAnErrorWithinTry(t *testing.T) {
	d := streamstest.New(t, numbers(), streamstest.Config{})
	in := streamstest.In[string, int64](d, "in")
	out := streamstest.Out[string, int64](d, "out")
	in.PipeAt("a", 1, 1)
	err := d.Try(func() {
		in.PipeAt("a", 13, 2)
		in.PipeAt("a", 3, 3)
		d.Commit()
		d.Advance(time.Second)
		d.Crash()
	})
	var failed *processor.Error
	if !errors.As(err, &failed) || failed.Node != "double" || failed.Class != processor.Process || failed.Offset != 1 {
		t.Fatalf("got %v", err)
	}
	if got := out.Text(); got != "a=2@1" {
		t.Errorf("got %s", got)
	}
	if again := d.Try(d.Restart); again == nil || again.Error() != err.Error() {
		t.Errorf("after a restart: %v", again)
	}
	got := failure(func(tb streamstest.TB) {
		d := streamstest.New(tb, numbers(), streamstest.Config{})
		streamstest.In[string, int64](d, "in").Pipe("a", 13)
	})
	if want := "streamstest: process: task 0_0: node double: topic in partition 0 offset 0: unlucky (set Policies.Process to go on without such records)"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A failure loses what was not committed, and a restart does it again.
func TestRestartAfterAFailureGoesOnFromTheLastCommit(t *testing.T) {
	lucky := false
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	topology.Count(topology.GroupByKey(topology.MapValuesErr(in, func(v string) (string, error) {
		if v == "bad" && !lucky {
			return "", errors.New("unlucky")
		}
		return v, nil
	})), "counts")
	d := streamstest.New(t, b, streamstest.Config{ManualCommit: true})
	records := streamstest.In[string, string](d, "in")
	counts := streamstest.Store[string, int64](d, "counts")
	records.Pipe("k", "v")
	d.Commit()
	records.Pipe("k", "v")
	if d.Try(func() { records.Pipe("k", "bad") }) == nil {
		t.Fatal("no failure")
	}
	if n, _ := counts.Get("k"); n != 1 {
		t.Errorf("after the failure: %d", n)
	}
	lucky = true
	d.Restart()
	d.Commit()
	if n, _ := counts.Get("k"); n != 3 {
		t.Errorf("after the restart: %d", n)
	}
}

func TestBadInputFollowsItsPolicy(t *testing.T) {
	policies := func(p processor.Policy) processor.Policies {
		return processor.Policies{Decode: p, Process: p, DeadLetterTopic: "dead"}
	}
	replace := func(e *processor.Error) processor.Decision {
		return processor.Decision{Action: processor.Replace, Key: []byte("r"), Value: []byte("7")}
	}
	for name, c := range map[string]struct {
		errors  processor.Policies
		want    string
		dead    string
		skipped uint64
	}{
		"skip":        {policies(processor.Policy{Then: processor.Skip}), "k=2@1, k=6@4", "", 2},
		"dead letter": {policies(processor.Policy{Then: processor.DeadLetter}), "k=2@1, k=6@4", "k=x@2, k=13@3", 0},
		"null value": {processor.Policies{
			Decode: processor.Policy{Then: processor.NullValue}, Process: processor.Policy{Then: processor.Skip},
		}, "k=2@1, k=null@2, k=6@4", "", 1},
		"replacement": {policies(processor.Policy{Decide: replace}), "k=2@1, r=14@2, r=14@3, k=6@4", "", 0},
	} {
		d := streamstest.New(t, numbers(), streamstest.Config{Errors: c.errors})
		in := streamstest.In[string, string](d, "in", topology.ValueSerde(serde.String))
		out := streamstest.Out[string, int64](d, "out")
		for i, v := range []string{"1", "x", "13", "3"} {
			in.PipeAt("k", v, int64(i+1))
		}
		if got := out.Text(); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
		if c.errors.DeadLetterTopic != "" {
			dead := streamstest.Out[string, string](d, "dead")
			if got := dead.Text(); got != c.dead {
				t.Errorf("%s: dead letters %s, want %s", name, got, c.dead)
			}
		}
		if n := d.Dropped("source-1", "skipped"); n != c.skipped {
			t.Errorf("%s: %d skipped, want %d", name, n, c.skipped)
		}
	}
}

func TestDeadLetterSaysWhatWentWrong(t *testing.T) {
	d := streamstest.New(t, numbers(), streamstest.Config{Errors: processor.Policies{
		Process: processor.Policy{Then: processor.DeadLetter}, DeadLetterTopic: "dead",
	}})
	in := streamstest.In[string, int64](d, "in")
	in.Send(processor.Record[string, int64]{
		Key: "k", Value: 13, HasKey: true, HasValue: true, Time: 5, Headers: []processor.Header{{Key: "h", Value: []byte("1")}},
	})
	r := streamstest.Out[string, int64](d, "dead", topology.ValueSerde(serde.DecimalInt64)).Read()
	var headers []string
	for _, h := range r.Headers {
		headers = append(headers, strings.TrimPrefix(h.Key, "millrace.error.")+"="+string(h.Value))
	}
	const want = "h=1 version=1 class=process message=unlucky node=double topic=in partition=0 offset=0 attempts=1"
	if got := strings.Join(headers, " "); r.String() != "k=13@5" || got != want {
		t.Errorf("got %s with %s", r, got)
	}
}

// A retry waits for its back-off by the driver's clock, and holds up what is
// behind it.
func TestRetriesWaitForTheClock(t *testing.T) {
	failures := 2
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	topology.To(topology.MapValuesErr(in, func(v string) (string, error) {
		if failures > 0 {
			failures--
			return "", errors.New("not yet")
		}
		return v, nil
	}), "out")
	d := streamstest.New(t, b, streamstest.Config{Errors: processor.Policies{
		Process: processor.Policy{Retries: 2, Backoff: time.Second},
	}})
	records := streamstest.In[string, string](d, "in")
	out := streamstest.Out[string, string](d, "out")
	records.Pipe("k", "a")
	records.Pipe("k", "b")
	d.Advance(2999 * time.Millisecond)
	if got := out.Text(); got != "" {
		t.Errorf("too early: %s", got)
	}
	d.Advance(time.Millisecond)
	if got := out.Text(); got != "k=a@0, k=b@0" {
		t.Errorf("got %s", got)
	}
}

func TestNullsAndBytesGoThrough(t *testing.T) {
	b := topology.New()
	topology.To(topology.Stream[[]byte, string](b, "in"), "out")
	d := streamstest.New(t, b, streamstest.Config{Partitions: map[string]int{"in": 2, "out": 3}})
	in := streamstest.In[string, string](d, "in")
	out := streamstest.Out[string, string](d, "out")
	in.PipeNull("k")
	in.To(1).Send(
		processor.Record[string, string]{Time: 1},
		processor.Record[string, string]{Time: 2, Value: "", HasValue: true},
	)
	streamstest.In[[]byte, []byte](d, "in").PipeAt([]byte{0xff}, []byte{0xfe}, 3)
	if got, want := out.Text(), "k=null@0, null=null@1, null=@2, \xff=\xfe@3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	partitions := ""
	for _, r := range out.All() {
		partitions += fmt.Sprintf("%d/%d ", r.Partition, r.Offset)
	}
	if want := "2/0 1/0 2/1 0/0 "; partitions != want { // without a key they take turns
		t.Errorf("partitions %s, want %s", partitions, want)
	}
}

func TestGlobalTableFollowsItsTopic(t *testing.T) {
	b := topology.New()
	countries := topology.GlobalTable[string, string](b, "countries", "countries-table")
	orders := topology.Stream[string, string](b, "orders")
	topology.To(topology.Process(orders, func(ctx processor.Context) *lookup {
		return &lookup{countries.Open(ctx)}
	}, topology.With(countries)), "out", topology.Serdes(serde.String, serde.String))
	d := streamstest.New(t, b, streamstest.Config{Instances: 2, Partitions: map[string]int{"orders": 2, "countries": 3}})
	names := streamstest.In[string, string](d, "countries")
	in := streamstest.In[string, string](d, "orders")
	out := streamstest.Out[string, string](d, "out")
	names.PipeAt("ch", "Schweiz", 1)
	in.To(0).PipeAt("1", "ch", 2)
	in.To(1).PipeAt("2", "de", 3)
	d.Crash(0)
	names.PipeAt("de", "Deutschland", 9)
	in.To(0).PipeAt("3", "de", 4)
	d.Restart()
	names.PipeNull("ch")
	in.To(1).PipeAt("4", "ch", 5)
	if got, want := out.Text(), "1=Schweiz@2, 2=?@3, 3=Deutschland@4, 4=?@5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	table := streamstest.Store[string, string](d, "countries-table")
	if v, ms, ok := table.GetWithTime("de"); v != "Deutschland" || ms != 9 || !ok || table.Len() != 1 {
		t.Errorf("table: %s at %d, %v", v, ms, ok)
	}
	names.Send(processor.Record[string, string]{Value: "nowhere", HasValue: true})
	if n := d.Dropped("countries-table", "null_key"); n != 2 {
		t.Errorf("dropped %d, want one on each instance", n)
	}
}

// lookup replaces values by what a table has for them.
type lookup struct {
	table interface {
		Get(key string) (string, bool, error)
	}
}

func (p *lookup) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	name, ok, err := p.table.Get(r.Value)
	if !ok {
		name = "?"
	}
	r.Value = name
	return errors.Join(err, out.Forward(r))
}
