package windowing

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// sent counts what a node has sent on.
type sent struct{ n int }

func (s *sent) Receive(state.Windowed[string], graph.Change[int64], *graph.Meta) error {
	s.n++
	return nil
}

// forgetful is a task whose operators begin without a stream time.
type forgetful struct {
	graph.Task
	streamTime int64
}

func (f *forgetful) OperatorTime(*graph.Node) *int64 { return &f.streamTime }
func (f *forgetful) Watermark() *int64               { return nil }

// lost are late records.
type lost struct{ n int }

func (l *lost) Receive(string, Late[string], *graph.Meta) error {
	l.n++
	return nil
}

// Offsets that were set by hand have lost the operator's stream time. What the
// store has dropped is late all the same: it must not begin anew.
func TestStreamTimeOfTheStoreCountsToo(t *testing.T) {
	db, err := state.Memory().Open(t.Context(), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	base, err := db.Store(state.ID{Name: "counts"})
	if err != nil {
		t.Fatal(err)
	}
	w := Tumbling(10 * time.Millisecond).Grace(5 * time.Millisecond)
	rows := store.NewWindow(base, serde.String, serde.Int64, store.Options{Name: "counts", End: w.End, Retention: w.spans().retention})
	if _, err := rows.Put("other", 1, 1000); err != nil {
		t.Fatal(err)
	}
	task, out, lates := &forgetful{streamTime: -1}, &sent{}, &lost{}
	var late uint64
	r := &fold[string, string, int64, int64]{assigner: w.assigner()}
	r.windowed = windowed[string, string, int64, int64]{operator[string, string, int64, int64]{
		node: &graph.Node{}, now: func() int64 { return 0 }, plain: true, closesAfter: w.spans().closesAfter(), clock: graph.ClockOf(task, &graph.Node{}),
		functions: functions[string, int64, int64]{
			add:    func(n int64, _ bool, _ string) (int64, error) { return n + 1, nil },
			result: func(n int64) int64 { return n },
		},
		rows: &everyUpdate[string, int64]{out: out}, lates: lates, late: &late,
	}, rows}
	for _, at := range []int64{980, 990} { // the window of 980 is gone, that of 990 is not
		if err := r.Receive("k", "v", &graph.Meta{Time: at, HasKey: true, HasValue: true}); err != nil {
			t.Fatal(err)
		}
	}
	if out.n != 1 || late != 1 || lates.n != 1 {
		t.Errorf("%d updates, %d late, %d sent on as such", out.n, late, lates.n)
	}
	// A record from before 1970 is in no window.
	if err := r.Receive("k", "v", &graph.Meta{Time: -1, HasKey: true, HasValue: true}); err != nil || late != 2 {
		t.Errorf("%v, %d late", err, late)
	}
}
