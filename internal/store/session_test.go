package store_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// openSessions opens a view of sessions that live for a time, with an index.
func openSessions[V any](b state.Store, vs serde.Serde[V], retention time.Duration) *store.Session[string, V] {
	return store.NewSession(b, text{}, vs, store.Options{Name: "counts", Format: state.Sessions.ByTime(), Retention: retention})
}

func applySessions[V any](t *testing.T, b *base, s *store.Session[string, V], seq uint64) *state.Batch {
	t.Helper()
	var batch state.Batch
	do(t, s.Freeze(seq, &batch), b.Apply(&batch, state.Position{}))
	s.Applied(seq)
	return &batch
}

// What has expired goes by ranges that no scan looks for, and not with each
// commit: every range costs the reads behind it.
func TestExpiredSessionsGoByFewRanges(t *testing.T) {
	const lifetime, commits = 800, 400
	b := &base{}
	s := openSessions(b, serde.Serde[int64](number{}), lifetime*time.Millisecond)
	if _, err := s.Find(nil, "k", 0, 0); err != nil { // now it knows the base
		t.Fatal(err)
	}
	b.scanErr = errRefused // nothing may scan
	ranges := 0
	for i := range uint64(commits) {
		stores(t, true)(s.Put("k", 1, int64(i)*10, int64(i)*10+5))
		batch := applySessions(t, b, s, i+1)
		for i := range batch.Len() {
			if batch.At(i).To != nil {
				ranges++
			}
		}
		s.Evict(0)
	}
	const segment = 512                             // ms
	const rows = 2 * (lifetime/10 + segment/10 + 1) // those that live and those of one segment, and the index
	if n := b.m.Len() - 1; n > rows {
		t.Errorf("%d rows are left, want at most %d", n, rows)
	}
	if most := 2 * (commits*10/segment + 2); ranges > most {
		t.Errorf("%d ranges, want at most %d", ranges, most)
	}
}

// Sessions are found and listed when another version of the application keeps
// them for longer, or not as long.
func TestSessionsOfAnotherRetention(t *testing.T) {
	b := &base{}
	first := openSessions(b, text{}, time.Second)
	for i := range int64(10) {
		stores(t, true)(first.Put("k", fmt.Sprint(i), 100*i, 100*i))
	}
	applySessions(t, b, first, 1)
	for _, c := range []struct {
		retention time.Duration
		want      []string
	}{
		{time.Hour, []string{"7", "8", "9"}},
		{150 * time.Millisecond, []string{"8", "9"}},
		{time.Second, []string{"7", "8", "9"}}, // which had gone, but not from the disk
	} {
		s := openSessions(b, text{}, c.retention)
		var found, listed []string
		for _, v := range s.Range("k", 700, math.MaxInt64) {
			found = append(found, v)
		}
		for _, v := range s.Between(700, math.MaxInt64) {
			listed = append(listed, v)
		}
		do(t, s.ScanErr(), s.Check())
		same(t, found, c.want)
		same(t, listed, c.want)
	}
}

// A session that was made and removed again within a transaction leaves no trace
// if a search has shown that there was none; else the base may have one.
func TestSessionsThatCameAndWentAreNotLogged(t *testing.T) {
	for fresh, want := range map[bool]int{true: 0, false: 1} {
		b := &base{}
		s := openSessions(b, text{}, time.Second)
		w := session{Key: "k", Start: 1, End: 5}
		stores(t, true)(s.Write(w, "v", 7, fresh))
		do(t, s.Remove(w))
		batch := applySessions(t, b, s, 1)
		n := 0
		var scratch []byte
		for i := range batch.Len() {
			if _, ok, err := state.Sessions.ByTime().Record(batch.At(i), &scratch); err != nil {
				t.Fatal(err)
			} else if ok {
				n++
			}
		}
		if n != want {
			t.Errorf("fresh %v: %d records, want %d", fresh, n, want)
		}
	}
}

func TestTimesOfSessionsAtTheEndsOfTime(t *testing.T) {
	s := openSessions(&base{}, text{}, 10*time.Millisecond)
	for _, end := range []int64{math.MinInt64 + 1, -1, 0, math.MaxInt64 - 1, math.MaxInt64} {
		stores(t, true)(s.Put("k", "v", math.MinInt64, end))
		if _, ok, err := s.Get("k", math.MinInt64, end); !ok || err != nil {
			t.Errorf("%d: %v, %v", end, ok, err)
		}
	}
	var ends []int64
	for w := range s.Range("k", math.MinInt64, math.MaxInt64) {
		ends = append(ends, w.End)
	}
	same(t, ends, []int64{math.MaxInt64 - 1, math.MaxInt64})
	ends = nil
	for w := range s.Between(math.MinInt64, math.MaxInt64) {
		ends = append(ends, w.End)
	}
	same(t, ends, []int64{math.MaxInt64 - 1, math.MaxInt64})
}

func TestSessionErrorsOfTheBase(t *testing.T) {
	b := &base{}
	s := openSessions(b, text{}, 10*time.Millisecond)
	stores(t, true)(s.Put("a", "v", 1, 1))
	applySessions(t, b, s, 1)
	loop := func(yield func(func(session, string) bool)) error {
		yield(func(session, string) bool { return true })
		return s.ScanErr()
	}
	use := map[string]func() error{
		"get":      func() error { _, _, err := s.Get("a", 1, 1); return err },
		"put":      func() error { _, err := s.Put("a", "v", 2, 2); return err },
		"delete":   func() error { return s.Delete("a", 1, 1) },
		"range":    func() error { return loop(s.Range("a", 0, 9)) },
		"backward": func() error { return loop(s.RangeBackward("a", 0, 9)) },
		"all":      func() error { return loop(s.All()) },
		"ended": func() error {
			_, err := s.Ended(0, 9, func(store.Found[string, string]) error { return nil })
			return err
		},
	}
	needStreamTime(t, b, s, use)
	b.scanErr = errRefused
	for _, name := range []string{"range", "backward", "all", "ended"} {
		fails(t, use[name](), errRefused)
	}
	s = openSessions(b, text{}, 10*time.Millisecond) // does not know whose rows the base has
	fails(t, use["get"](), errRefused)
	if b.open != 0 {
		t.Error("a cursor is open")
	}
}

func TestSessionErrorsOfSerdes(t *testing.T) {
	b := &base{}
	s := openSessions(b, text{}, 10*time.Millisecond)
	if _, err := s.Put("refused", "v", 1, 1); err == nil {
		t.Error("key: no error")
	}
	if _, err := s.Put("a", "refused", 2, 2); err == nil { // strings are kept decoded
		fails(t, s.Freeze(1, &state.Batch{}), errRefused)
	}
	layout := state.Sessions.ByTime().Segments(10 * time.Millisecond)
	for _, row := range [][2]string{{"refused", "12345678v"}, {"a", "12345678refused"}, {"a", "short"}} {
		s.Discard()
		b.m.Clear()
		at := state.SegmentRow{Key: []byte(row[0])}
		b.m.Set(string(layout.AppendKey(nil, at)), row[1])
		b.m.Set(string(layout.AppendIndex(nil, at)), "")
		for range s.All() {
			t.Error("a row that cannot be read")
		}
		if s.ScanErr() == nil {
			t.Errorf("%q: no error", row)
		}
	}
	s.Discard()
	b.m.Delete(string(layout.AppendKey(nil, state.SegmentRow{Key: []byte("a")})))
	if _, err := s.Ended(0, 0, func(store.Found[string, string]) error { return nil }); err == nil {
		t.Error("an index without its row: no error")
	}
}

// Whatever the base holds, no read panics.
func FuzzStoredSessions(f *testing.F) {
	layout := state.Sessions.ByTime().Segments(10 * time.Millisecond)
	at := state.SegmentRow{Key: []byte("a"), TimeMs: 5, FromMs: 1}
	f.Add(layout.AppendKey(nil, at), []byte("12345678v"), []byte("\x00\x00\x00\x00\x00\x00\x00\x05"))
	f.Add(layout.AppendIndex(nil, at), []byte{}, []byte{})
	f.Add([]byte("\xc3short"), []byte("x"), []byte("\x7f\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(_ *testing.T, key, value, streamTime []byte) {
		b := &base{}
		b.m.Set("\x00", string(streamTime))
		b.m.Set(string(key), string(value))
		s := openSessions(b, list{}, 10*time.Millisecond)
		_, _, _ = s.Get("a", 1, 5)
		for range s.Range("a", math.MinInt64, math.MaxInt64) {
		}
		for range s.All() {
		}
		_, _ = s.Put("a", []byte("n"), 900, 1000)
		_ = s.Freeze(1, &state.Batch{})
	})
}
