package windowing

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// counting counts records in windows that are searched for, without a task: in
// sessions with a gap of 100 ms or in windows of 100 ms that slide.
type counting struct {
	*commits
	graph.Receiver[string, string]
	in graph.Meta
}

func newCounting(tb testing.TB, slides bool) *counting {
	tb.Helper()
	db, err := state.Memory().Open(tb.Context(), state.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	base, err := db.Store(state.ID{Name: "counts"})
	if err != nil {
		tb.Fatal(err)
	}
	c := &counting{commits: &commits{b: tb, base: base}}
	o := operator[string, string, int64, int64]{
		node: &graph.Node{}, plain: true, clock: graph.ClockOf(&alone{streamTime: -1, closed: -1}, nil),
		rows: &everyUpdate[string, int64]{out: &nothing{}},
		functions: functions[string, int64, int64]{
			add:    func(n int64, _ bool, _ string) (int64, error) { return n + 1, nil },
			result: func(n int64) int64 { return n },
			merge:  func(a, b int64) (int64, error) { return a + b, nil },
		},
	}
	const size = 100 * time.Millisecond
	if slides {
		w := Sliding(size)
		o.spans = w.spans()
		o.closesAfter = o.spans.closesAfter()
		rows := store.NewWindowByKey(base, serde.String, serde.Int64, store.Options{Name: "counts", Format: state.WindowsByKey, End: w.End, Retention: o.spans.retention})
		r := &sliding[string, string, int64, int64]{windowed: windowed[string, string, int64, int64]{o, rows}, byKey: rows, size: size.Milliseconds()}
		r.note, r.noteBack = r.see, r.seeBack
		c.view, c.Receiver = rows, r
	} else {
		o.spans = Sessions(size).spans()
		o.closesAfter = o.spans.closesAfter()
		rows := store.NewSession(base, serde.String, serde.Int64, store.Options{Name: "counts", Format: state.Sessions, Retention: o.spans.retention})
		c.view, c.Receiver = rows, &session[string, string, int64, int64]{operator: o, store: rows, gap: size.Milliseconds()}
	}
	return c
}

func (c *counting) pipe(at int64) {
	c.b.Helper()
	c.view.Mark()
	c.in = graph.Meta{Time: at, HasKey: true, HasValue: true}
	if err := c.Receive("a key", "v", &c.in); err != nil {
		c.b.Fatal(err)
	}
}

// A record of windows that are searched for, and are there, costs a cursor for
// each segment of the store that it looks at.
func TestSearchedWindowsThatAreThereAllocateCursorsOnly(t *testing.T) {
	for name, slides := range map[string]bool{"sessions": false, "sliding": true} {
		t.Run(name, func(t *testing.T) {
			c := newCounting(t, slides)
			for at := int64(1000); at < 1100; at += 10 {
				c.pipe(at)
			}
			c.commit()
			c.pipe(1090)
			if n := testing.AllocsPerRun(100, func() { c.pipe(1090) }); n > 3 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

// A record that stretches a session, or makes two windows that slide, a commit
// every thousand.
func BenchmarkSearchedWindows(b *testing.B) {
	for name, slides := range map[string]bool{"sessions": false, "sliding": true} {
		b.Run(name, func(b *testing.B) {
			c := newCounting(b, slides)
			b.ReportAllocs()
			at := int64(1000)
			for b.Loop() {
				at += 10
				c.pipe(at)
				if at%10_000 == 0 {
					c.commit()
				}
			}
		})
	}
}
