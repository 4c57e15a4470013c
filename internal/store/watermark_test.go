package store_test

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// Rows live by the watermark of their task if it has one: a record far ahead of
// it drops nothing.
func TestRowsLiveByTheWatermark(t *testing.T) {
	const retention = 10 * time.Millisecond
	windows := store.NewWindow(&base{}, text{}, serde.Serde[int64](counting()), store.Options{Name: "w", End: windowEnd, Retention: retention})
	sessions := store.NewSession(&base{}, text{}, serde.Serde[int64](counting()), store.Options{Name: "s", Format: state.Sessions, Retention: retention})
	watermark := int64(-1)
	for _, s := range []graph.Watermarked{windows, sessions} {
		s.Watermark(&watermark)
	}
	put := func(at int64) (inWindow, inSession bool) {
		t.Helper()
		inWindow, err := windows.Put("k", 1, at)
		if err != nil {
			t.Fatal(err)
		}
		if inSession, err = sessions.Put("k", 1, at, at); err != nil {
			t.Fatal(err)
		}
		return inWindow, inSession
	}
	check := func(at int64, want bool) {
		t.Helper()
		if w, s := put(at); w != want || s != want {
			t.Errorf("at %d with a watermark of %d: window %v, session %v, want %v", at, watermark, w, s, want)
		}
	}
	check(1000, true)
	check(1, true)
	watermark = 500
	check(490, false)
	check(491, true)
	for _, s := range []graph.TaskStore{windows, sessions} {
		var b state.Batch
		if err := s.Freeze(1, &b); err != nil {
			t.Fatal(err)
		}
	}
	watermark = 1010
	check(1000, false)
}
