package windowing

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// closer is a count in tumbling windows of 10 ms with a grace of 5 ms that is
// emitted on close, without a task.
type closer struct {
	*fold[string, string, int64, int64]
	emit *onClose[string, int64]
	task *alone
	in   graph.Meta
	text string // what came out
	late uint64
}

// alone is as much of a task as an aggregation needs.
type alone struct {
	graph.Task
	streamTime, closed int64
}

func (a *alone) OperatorTime(*graph.Node) *int64 { return &a.streamTime }
func (a *alone) CloseTime(string) *int64         { return &a.closed }
func (a *alone) Watermark() *int64               { return nil }

func (c *closer) Receive(w state.Windowed[string], r graph.Change[int64], m *graph.Meta) error {
	c.text += fmt.Sprintf("%s=%d@%d ", w, r.New, m.Time)
	return nil
}

func newCloser(tb testing.TB, task *alone, e graph.Emission, out graph.Receiver[state.Windowed[string], graph.Change[int64]]) *closer {
	tb.Helper()
	db, err := state.Memory().Open(tb.Context(), state.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	base, err := db.Store(state.ID{Name: "counts"})
	if err != nil {
		tb.Fatal(err)
	}
	w := Tumbling(10 * time.Millisecond).Grace(5 * time.Millisecond)
	of := w.spans()
	c := &closer{task: task}
	if out == nil {
		out = c
	}
	clock := graph.ClockOf(task, nil)
	c.emit = &onClose[string, int64]{of: of, again: e.ThenLate, delay: of.grace.Milliseconds(), clock: clock, closed: &task.closed, out: out, dueFor: -2}
	if e.ThenLate {
		c.emit.delay = 0
	}
	c.fold = &fold[string, string, int64, int64]{assigner: w.assigner()}
	c.operator = operator[string, string, int64, int64]{
		node: &graph.Node{}, closesAfter: of.closesAfter(), spans: of, clock: clock, plain: true, rows: c.emit,
		functions: functions[string, int64, int64]{
			add:    func(n int64, _ bool, _ string) (int64, error) { return n + 1, nil },
			result: func(n int64) int64 { return n },
		},
		now: func() int64 { return 0 }, lates: &lost{}, late: &c.late,
	}
	c.byTime = store.NewWindow(base, serde.String, serde.Int64, store.Options{Name: "counts", End: w.End, Retention: of.retention})
	c.store = c.byTime
	c.emit.store = c.fold
	return c
}

func (c *closer) pipe(tb testing.TB, key string, at int64) {
	tb.Helper()
	c.in = graph.Meta{Time: at, HasKey: true, HasValue: true}
	if err := c.fold.Receive(key, "v", &c.in); err != nil {
		tb.Fatal(err)
	}
}

// The end of a bounded run closes what is open, and what comes later for that is
// late: no row is sent twice.
func TestTheEndOfABoundedRunClosesAllWindows(t *testing.T) {
	for _, c := range []struct {
		name, first, second string
		emission            graph.Emission
		late                uint64
	}{
		{"on close", "a@[0,10)=1@3 b@[10,20)=1@12 ", "a@[20,30)=1@25 ", graph.Emission{OnClose: true}, 1},
		{"then late", "a@[0,10)=1@3 b@[10,20)=1@12 ", "b@[10,20)=2@13 a@[20,30)=1@25 ", graph.Emission{OnClose: true, ThenLate: true}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newCloser(t, &alone{streamTime: -1, closed: -1}, c.emission, nil)
			finish := func(want string) {
				t.Helper()
				if err := r.Finish(0); err != nil {
					t.Fatal(err)
				}
				if r.text != want {
					t.Errorf("got %s, want %s", r.text, want)
				}
				r.text = ""
			}
			finish("")
			r.pipe(t, "a", 3)
			r.pipe(t, "b", 12)
			finish(c.first)
			finish("")
			r.pipe(t, "b", 13)
			r.pipe(t, "a", 25)
			finish(c.second)
			if r.late != c.late {
				t.Errorf("%d are late", r.late)
			}
		})
	}
}

// nothing takes rows.
type nothing struct{ n int }

func (o *nothing) Receive(state.Windowed[string], graph.Change[int64], *graph.Meta) error {
	o.n++
	return nil
}

// A record that closes nothing does not look at the windows that are open,
// however many there are, and allocates nothing.
func TestRecordsThatCloseNothingAreCheap(t *testing.T) {
	out := &nothing{}
	r := newCloser(t, &alone{streamTime: -1, closed: -1}, graph.Emission{OnClose: true}, out)
	for i := range 100 {
		r.pipe(t, fmt.Sprint("k", i), 100)
	}
	before := r.store.(graph.Counted).Operations().All
	r.pipe(t, "k1", 101)
	at := int64(101)
	if n := testing.AllocsPerRun(10, func() { at++; r.pipe(t, "k1", min(at, 109)) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if scans := r.store.(graph.Counted).Operations().All - before; scans > 1 || out.n != 0 {
		t.Errorf("%d scans, %d rows", scans, out.n)
	}
}

// Closing costs a short scan of what ends, whatever else is in the store.
func BenchmarkClosing(b *testing.B) {
	const windows = 1_000_000
	keys := make([]string, windows)
	for i := range keys {
		keys[i] = fmt.Sprintf("key%07d", i)
	}
	for b.Loop() {
		b.StopTimer()
		out := &nothing{}
		r := newCloser(b, &alone{streamTime: -1, closed: -1}, graph.Emission{OnClose: true}, out)
		for i, key := range keys {
			r.pipe(b, key, int64(i%2*10)) // half of them end at 10, half at 20
		}
		b.StartTimer()
		r.pipe(b, "last", 1000)
		if out.n == 0 {
			b.Fatal("nothing was closed")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/windows, "ns/window")
}
