package windowing

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// A window that takes no more records gives its memory back with the commit,
// however long its row is to stay.
func TestEntriesOfClosedWindowsGoWithTheCommit(t *testing.T) {
	db, err := state.Memory().Open(t.Context(), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	base, err := db.Store(state.ID{Name: "counts"})
	if err != nil {
		t.Fatal(err)
	}
	r := newCloser(t, &alone{streamTime: -1, closed: -1}, graph.Emission{OnClose: true}, nil)
	r.byTime = store.NewWindow(base, serde.String, serde.Int64, store.Options{Name: "counts", End: Tumbling(10 * time.Millisecond).End, Retention: time.Hour})
	r.store = r.byTime
	var held [2]int64
	for i, at := range []int64{3, 25} { // [0,10) closes at 15
		r.pipe(t, "k", at)
		if err := r.Flush(0); err != nil {
			t.Fatal(err)
		}
		var batch state.Batch
		seq := uint64(i) + 1
		if err := r.byTime.Freeze(seq, &batch); err != nil {
			t.Fatal(err)
		}
		if err := base.Apply(&batch, state.Position{}); err != nil {
			t.Fatal(err)
		}
		r.byTime.Applied(seq)
		held[i], _, _ = r.byTime.Bytes()
	}
	if held[0] == 0 || held[1] != held[0] {
		t.Errorf("%d bytes of entries with one window open, %d with another", held[0], held[1])
	}
	if n, ok, err := r.byTime.Get("k", 0); n != 1 || !ok || err != nil {
		t.Errorf("the closed window has %d, %v, %v", n, ok, err)
	}
}
