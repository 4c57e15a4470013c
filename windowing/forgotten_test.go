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
	rows := store.NewWindow(base, serde.String, serde.Int64, store.Options{Name: "counts", Size: w.size, Retention: w.retention()})
	if _, err := rows.Put("other", 1, 1000); err != nil {
		t.Fatal(err)
	}
	streamTime, out := int64(-1), &sent{}
	var nullKey, nullValue, late uint64
	r := &fold[string, string, int64, int64]{
		node: &graph.Node{}, windows: w, arithmetic: w.arithmetic(), plain: true, store: rows, out: out,
		add:        func(n int64, _ bool, _ string) (int64, error) { return n + 1, nil },
		result:     func(n int64) int64 { return n },
		streamTime: &streamTime, nullKey: &nullKey, nullValue: &nullValue, late: &late,
	}
	for _, at := range []int64{980, 990} { // the window of 980 is gone, that of 990 is not
		if err := r.Receive("k", "v", &graph.Meta{Time: at, HasKey: true, HasValue: true}); err != nil {
			t.Fatal(err)
		}
	}
	if out.n != 1 || late != 1 {
		t.Errorf("%d updates, %d late", out.n, late)
	}
	// A record from before 1970 is in no window.
	if err := r.Receive("k", "v", &graph.Meta{Time: -1, HasKey: true, HasValue: true}); err != nil || late != 2 {
		t.Errorf("%v, %d late", err, late)
	}
}
