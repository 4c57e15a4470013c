package store_test

import (
	"slices"
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

// A record far ahead of a watermark leaves more segments behind than a search could
// look into one by one.
func TestSearchesPassSegmentsWithoutRows(t *testing.T) {
	const far = int64(1) << 60
	b := &base{}
	s := store.NewSession(b, text{}, serde.Int64, store.Options{Name: "s", Format: state.Sessions, Retention: 10 * time.Millisecond})
	watermark := int64(-1)
	s.Watermark(&watermark)
	var want []int64
	for i, at := range []int64{5, 900, 5000, far, far + 7} {
		if _, err := s.Put("k", at, at, at); err != nil {
			t.Fatal(err)
		}
		want = append(want, at)
		if _, err := s.Put("of another key", at, at+100, at+100); err != nil {
			t.Fatal(err)
		}
		if i == 2 { // some of them are in the base alone, others not
			batch := &state.Batch{}
			do(t, s.Freeze(1, batch), b.Apply(batch, state.Position{}))
			s.Applied(1)
			s.Evict(0)
		}
	}
	for _, reverse := range []bool{false, true} {
		var got []int64
		seq := s.Range("k", 0, far*2)
		if reverse {
			seq = s.RangeBackward("k", 0, far*2)
		}
		for _, v := range seq {
			got = append(got, v)
		}
		if reverse {
			slices.Reverse(got)
		}
		if !slices.Equal(got, want) {
			t.Errorf("reverse %v: %v, want %v", reverse, got, want)
		}
	}
}
