package joins_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

const ms = time.Millisecond

// patiently waits for 10 ms.
func patiently(opts ...topology.Option) *topology.Builder {
	b := topology.New()
	left, right := textSides(b, topology.Versioned(time.Hour))
	topology.To(joins.LeftTable(left, right, concatLeft, append(opts, topology.Name("joined"), joins.Grace(10*ms))...), "out")
	return b
}

// queue is the same as a list that is looked through for each record.
type queue struct {
	rows    past
	now     int64
	waiting []waitingRecord
	out     []string
}

type waitingRecord struct {
	key, value string
	at         int64
}

func (q *queue) join(r waitingRecord) {
	q.out = append(q.out, fmt.Sprintf("%s=%s|%s@%d", r.key, r.value, q.rows.row(r.key, true, r.at), r.at))
}

func (q *queue) record(r waitingRecord) {
	q.now = max(q.now, r.at)
	if r.at < q.now-10 {
		q.join(r)
	} else {
		q.waiting = append(q.waiting, r)
	}
	q.release(q.now - 10)
}

func (q *queue) release(until int64) {
	slices.SortStableFunc(q.waiting, func(a, b waitingRecord) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.key, b.key))
	})
	for len(q.waiting) > 0 && q.waiting[0].at <= until {
		q.join(q.waiting[0])
		q.waiting = q.waiting[1:]
	}
}

func TestWhatWaitsAgreesWithAList(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		q := &queue{now: -1}
		d := streamstest.New(t, patiently(), streamstest.Config{CommitEvery: rapid.IntRange(1, 9).Draw(r, "commit")})
		defer d.Close()
		left, right := streamstest.In[string, string](d, "left"), streamstest.In[string, string](d, "right")
		at := int64(20)
		for i := range rapid.IntRange(1, 100).Draw(r, "records") {
			at = max(0, at+rapid.Int64Range(-6, 7).Draw(r, "step"))
			key, value := rapid.SampledFrom([]string{"a", "ab", "b"}).Draw(r, "key"), fmt.Sprint("v", i)
			if rapid.IntRange(0, 2).Draw(r, "table") == 0 {
				right.PipeAt(key, value, at)
				q.rows = append(q.rows, struct {
					key, value string
					at         int64
					deleted    bool
				}{key, value, at, false})
			} else {
				for n := range rapid.IntRange(1, 6).Draw(r, "equal") {
					record := waitingRecord{key, fmt.Sprint(value, ".", n), at}
					left.PipeAt(record.key, record.value, record.at)
					q.record(record)
				}
			}
			if rapid.IntRange(0, 15).Draw(r, "crash") == 0 {
				d.Commit()
				d.Crash()
			}
		}
		d.Commit()
		if got, want := streamstest.Out[string, string](d, "out").Text(), strings.Join(q.out, ", "); got != want {
			r.Fatalf("\n got %s\nwant %s", got, want)
		}
	})
}

// Rows that come late by less than the grace are found however the task comes to
// read the two topics.
func TestWhatWaitsIsTheSameInTheWholeMatrix(t *testing.T) {
	streamstest.Matrix(t, streamstest.Config{}, func(cfg streamstest.Config) *streamstest.Driver {
		d := streamstest.New(t, patiently(), cfg)
		left, right := streamstest.In[string, string](d, "left"), streamstest.In[string, string](d, "right")
		for i := range int64(60) {
			key := fmt.Sprint(i * i % 7)
			right.PipeAt(key, fmt.Sprint("row", i), 3*i-2*(i%4)+40)
			left.PipeAt(key, fmt.Sprint("v", i), 3*i-2*(i%3)+40)
		}
		return d
	})
}

// What waits keeps its headers, a bounded run waits for nothing, and the input may
// go on after it.
func TestBoundedRunsWaitForNothing(t *testing.T) {
	g, err := patiently().Build()
	if err != nil {
		t.Fatal(err)
	}
	db, err := state.Memory().Open(t.Context(), state.Options{App: "app"})
	if err != nil {
		t.Fatal(err)
	}
	sub := g.Subtopologies[0]
	cfg := task.Config{App: "app", Sub: sub, Topics: map[*graph.Node][]string{}, Stores: map[string]state.Store{}}
	for _, src := range sub.Sources {
		cfg.Topics[src] = src.Source.Topics
	}
	for _, s := range sub.Stores {
		if cfg.Stores[s.Name], err = db.Store(state.ID{Name: s.Name}); err != nil {
			t.Fatal(err)
		}
	}
	tk, err := task.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer tk.Close()
	var seq uint64
	bounded := func(topic string, in graph.Input) (out []string) {
		t.Helper()
		in.Offset = tk.Position(topic)
		tk.Add(topic, []graph.Input{in})
		tk.SetLag("left", 0)
		tk.SetLag("right", 0)
		if _, err := tk.Process(0, 10); err != nil {
			t.Fatal(err)
		}
		if _, err := tk.Finish(0); err != nil {
			t.Fatal(err)
		}
		seq++
		c, err := tk.Commit(seq, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.Out.Len() {
			o := c.Out.At(i)
			out = append(out, fmt.Sprintf("%s=%s@%d %v", c.Out.Key(i), c.Out.Value(i), o.Time, c.Out.Headers(i)))
		}
		return out
	}
	bounded("right", graph.Input{Key: []byte("k"), Value: []byte("row"), Time: 3})
	headers := []processor.Header{{Key: "h", Value: []byte{}}, {Key: "null"}}
	for n := range 2 {
		got := bounded("left", graph.Input{Key: []byte("k"), Value: []byte("v"), Time: 5, Headers: headers})
		if want := fmt.Sprintf("k=v|row@5 %v", headers); len(got) != 1 || got[0] != want {
			t.Errorf("run %d: got %q, want %s", n, got, want)
		}
	}
}

func TestIdleStreamsWaitByTheWallClock(t *testing.T) {
	d := streamstest.New(t, patiently(windowing.CloseIdle(time.Second)), streamstest.Config{})
	left := streamstest.In[string, string](d, "left")
	out := streamstest.Out[string, string](d, "out")
	left.PipeAt("k", "v", 5)
	d.Advance(999 * ms)
	if got := out.Text(); got != "" {
		t.Errorf("idle too early: %s", got)
	}
	d.Advance(ms)
	left.PipeAt("k", "w", 4) // waits in its turn: the stream time did not move
	d.Advance(2 * time.Second)
	if got, want := out.Text(), "k=v|-@5, k=w|-@4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A record with a null key has nothing to wait for, and one with a null value is
// dropped.
func TestNullsDoNotWait(t *testing.T) {
	d := streamstest.New(t, patiently(), streamstest.Config{})
	left := streamstest.In[string, string](d, "left")
	left.Send(processor.Record[string, string]{Value: "v", HasValue: true, Time: 5})
	left.Send(processor.Record[string, string]{Key: "k", HasKey: true, Time: 6})
	left.Send(processor.Record[string, string]{Time: 6})
	got := streamstest.Out[string, string](d, "out").Rest()
	if len(got) != 1 || got[0].HasKey || got[0].Value != "v|-" {
		t.Errorf("got %+v", got)
	}
	if n := d.Dropped("joined", "null_value"); n != 2 {
		t.Errorf("%d null values", n)
	}
}
