package store_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

var (
	_ graph.TaskStore = (*store.Records[string, int64])(nil)
	_ graph.Merger    = (*store.Records[string, int64])(nil)
	_ graph.Counted   = (*store.Records[string, int64])(nil)
	_ graph.TaskStore = (*store.Unmatched[string])(nil)
	_ graph.Merger    = (*store.Unmatched[string])(nil)
	_ graph.Counted   = (*store.Unmatched[string])(nil)
	_ graph.Clocked   = (*store.Unmatched[string])(nil)
)

func openRecords(b state.Store) *store.Records[string, int64] {
	return store.NewRecords(b, text{}, number{}, store.Options{Name: "left", Retention: 100 * time.Millisecond})
}

// near lists what Near visits.
func near(t *testing.T, s *store.Records[string, int64], key string, fromMs, toMs int64) string {
	t.Helper()
	var list []string
	do(t, s.Near(key, fromMs, toMs, func(ms int64, seq int32, v int64) (bool, error) {
		list = append(list, fmt.Sprintf("%d.%d=%d", ms, seq, v))
		return true, nil
	}))
	return strings.Join(list, " ")
}

func add(t *testing.T, s *store.Records[string, int64], key string, v, ms int64) int32 {
	t.Helper()
	seq, err := s.Add(key, v, ms)
	do(t, err)
	return seq
}

func TestRecordsOfEqualKeyAndTimeAreKept(t *testing.T) {
	b := &base{}
	s := openRecords(b)
	add(t, s, "a", 1, 5)
	add(t, s, "a", 2, 5)
	var batch state.Batch
	do(t, s.Freeze(1, &batch), b.Apply(&batch, state.Position{}))
	s = openRecords(b) // numbers go on after a restart
	add(t, s, "a", 3, 5)
	add(t, s, "a", 4, 4)
	if got, want := near(t, s, "a", 4, 5), "4.0=4 5.0=1 5.1=2 5.2=3"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	do(t, s.Expire(5))
	if got, want := near(t, s, "a", math.MinInt64, math.MaxInt64), "5.0=1 5.1=2 5.2=3"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if seq := add(t, s, "a", 5, 4); seq != -1 {
		t.Errorf("what is not needed was stored as %d", seq)
	}
}

func openUnmatched(b state.Store) *store.Unmatched[string] {
	return store.NewUnmatched(b, text{}, store.Options{Name: "open"})
}

// taken lists what Take visits.
func takenMarks(t *testing.T, s *store.Unmatched[string], until0, until1 int64) string {
	t.Helper()
	var list []string
	do(t, s.Take([2]int64{until0, until1}, func(ms int64, side byte, key string, seq int32) error {
		list = append(list, fmt.Sprintf("%d/%d%s.%d", ms, side, key, seq))
		return nil
	}))
	return strings.Join(list, " ")
}

func TestMarksComeInOrder(t *testing.T) {
	b := &base{}
	s := openUnmatched(b)
	do(t, s.Put(5, 1, "a\x00", 0), s.Put(5, 1, "a", 7), s.Put(5, 1, "a", 1), s.Put(5, 0, "z", 0), s.Put(-3, 1, "k", 2), s.Put(9, 0, "k", 0),
		s.Delete(5, 1, "a", 7), s.Delete(5, 1, "none", 0))
	var batch state.Batch
	do(t, s.Freeze(1, &batch), b.Apply(&batch, state.Position{}))
	s = openUnmatched(b)
	if got, want := takenMarks(t, s, 5, -1), "-3/1k.2 5/0z.0"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	do(t, s.Put(4, 0, "y", 0))
	if got, want := takenMarks(t, s, 5, 5), "4/0y.0 5/1a.1 5/1a\x00.0"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := takenMarks(t, s, 9, 9), "9/0k.0"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
