package store_test

import (
	"math"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// openWindows opens a view of windows of 5 ms that live for 12.
func openWindows[V any](b *base, vs serde.Serde[V]) *store.Window[string, V] {
	return store.NewWindow(b, text{}, vs, store.Options{Name: "counts", End: windowEnd, Retention: retention * time.Millisecond})
}

func applyWindows[V any](t *testing.T, b *base, s *store.Window[string, V], seq uint64) (ranges int) {
	t.Helper()
	var batch state.Batch
	do(t, s.Freeze(seq, &batch), b.Apply(&batch, state.Position{}))
	s.Applied(seq)
	for i := range batch.Len() {
		if batch.At(i).To != nil {
			ranges++
		}
	}
	return ranges
}

// What has expired goes by a range that no scan looks for, and not with each
// commit: every range costs the reads behind it.
func TestExpiredWindowsGoByFewRanges(t *testing.T) {
	const lifetime, commits = 800, 400
	b := &base{}
	s := store.NewWindow(b, text{}, serde.Serde[int64](number{}), store.Options{Name: "counts", End: windowEnd, Retention: lifetime * time.Millisecond})
	b.scanErr = errRefused // nothing may scan
	ranges := 0
	for i := range uint64(commits) {
		stores(t, true)(s.Put("k", 1, int64(i)*10))
		ranges += applyWindows(t, b, s, i+1)
		s.Evict(0)
	}
	const rows = lifetime/10 + lifetime/8/10 + 1 // those that live, and those up to the next range
	if n := b.m.Len() - 1; n > rows {
		t.Errorf("%d rows are left, want at most %d", n, rows)
	}
	if most := commits*10/(lifetime/8) + 1; ranges > most {
		t.Errorf("%d ranges, want at most %d", ranges, most)
	}
}

// Nobody looks for what has expired, however much room there is for entries.
func TestEntriesOfExpiredWindowsGoAtOnce(t *testing.T) {
	b := &base{}
	s := openWindows(b, text{})
	clean := func() int64 { n, _, _ := s.Bytes(); return n }
	var one int64
	for i := range uint64(100) {
		stores(t, true)(s.Put("k", "v", int64(i)*5))
		applyWindows(t, b, s, i+1)
		if i == 0 {
			one = clean()
		}
	}
	if most := (retention/5 + 1) * one; clean() > most {
		t.Errorf("entries of %d bytes are left of rows of %d, want at most %d", clean(), one, most)
	}
	do(t, s.Check())
}

// Windows that take no more records are still read, if seldom.
func TestEntriesOfClosedWindowsGoAndTheirRowsStay(t *testing.T) {
	b := &base{}
	s := openWindows(b, text{})
	for i := range int64(3) {
		stores(t, true)(s.Put("k", "v", i*5))
	}
	s.Closed(10)
	applyWindows(t, b, s, 1)
	three, _, _ := s.Bytes()
	s.Evict(0)
	stores(t, true)(s.Put("k", "v", 10))
	applyWindows(t, b, s, 2)
	if one, _, _ := s.Bytes(); three != one {
		t.Errorf("entries of %d bytes are left, want those of one window: %d", three, one)
	}
	if v, ok, err := s.Get("k", 5); v != "v" || !ok || err != nil {
		t.Errorf("a closed window is %q, %v, %v", v, ok, err)
	}
	do(t, s.Check())
}

// A task that starts anew does not know how far its predecessor came.
func TestExpiredWindowsGoAfterARestart(t *testing.T) {
	b := &base{}
	first := openWindows(b, text{})
	stores(t, true)(first.Put("k", "v", 0))
	stores(t, true)(first.Put("k", "v", 3))
	applyWindows(t, b, first, 1)
	s := openWindows(b, text{})
	stores(t, true)(s.Put("k", "v", 13))
	if ranges := applyWindows(t, b, s, 1); ranges != 1 || b.m.Len() != 3 { // two windows and the stream time
		t.Errorf("%d ranges, %v", ranges, b.m.Keys())
	}
	if _, ok, err := s.Get("k", 0); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	stores(t, false)(openWindows(b, text{}).Put("k", "v", 1))
}

// A retention of 0 is for ever.
func TestWindowsWithoutARetentionStay(t *testing.T) {
	b := &base{}
	s := store.NewWindow(b, text{}, text{}, store.Options{Name: "counts", End: windowEnd})
	stores(t, true)(s.Put("k", "v", math.MaxInt64))
	stores(t, true)(s.Put("k", "v", -5))
	if ranges := applyWindows(t, b, s, 1); ranges != 0 {
		t.Errorf("%d ranges", ranges)
	}
	rows, err := state.Windows.Restoring(b, 0)
	do(t, err)
	var batch state.Batch
	rows.Add(&batch, state.Write{Key: []byte("k\x00\x00\x00\x00\x00\x00\x00\x09\x00\x00\x00\x00"), Value: []byte("v")})
	rows.Finish(&batch)
	do(t, b.Apply(&batch, state.Position{}))
	var starts []int64
	for w := range s.All() {
		starts = append(starts, w.Start)
	}
	same(t, starts, []int64{-5, 9, math.MaxInt64})
}

func TestTimesOfWindowsAtTheEndsOfTime(t *testing.T) {
	s := openWindows(&base{}, text{})
	for _, start := range []int64{math.MinInt64, math.MinInt64 + 1, -1, 0, math.MaxInt64 - 1, math.MaxInt64} {
		stores(t, true)(s.Put("k", "v", start))
		if _, ok, err := s.Get("k", start); !ok || err != nil {
			t.Errorf("%d: %v, %v", start, ok, err)
		}
	}
	var starts []int64
	for w := range s.Range("k", math.MinInt64, math.MaxInt64) {
		starts = append(starts, w.Start)
	}
	same(t, starts, []int64{math.MaxInt64 - 1, math.MaxInt64})
}

func TestWindowErrorsOfTheBase(t *testing.T) {
	b := &base{}
	s := openWindows(b, text{})
	stores(t, true)(s.Put("a", "v", 1))
	applyWindows(t, b, s, 1)
	use := map[string]func() error{
		"get":    func() error { _, _, err := s.Get("a", 1); return err },
		"put":    func() error { _, err := s.Put("a", "v", 2); return err },
		"delete": func() error { return s.Delete("a", 1) },
		"range": func() error {
			collect(func(y func(int) bool) { s.Range("a", 0, 9)(drop[string](y)) })
			return s.ScanErr()
		},
		"all": func() error { collect(func(y func(int) bool) { s.All()(drop[string](y)) }); return s.ScanErr() },
	}
	needStreamTime(t, b, s, use)
	b.scanErr = errRefused
	fails(t, use["range"](), errRefused)
	fails(t, use["all"](), errRefused)
	if b.open != 0 {
		t.Error("a cursor is open")
	}
}

// needStreamTime checks that calls fail while the stream time cannot be read, and no
// longer than that.
func needStreamTime(t *testing.T, b *base, s view, use map[string]func() error) {
	t.Helper()
	for name, call := range use {
		s.Discard()
		b.getErr = errRefused
		fails(t, call(), errRefused)
		b.getErr = nil
		if err := call(); err != nil {
			t.Errorf("%s: the error stays: %v", name, err)
		}
	}
}

// drop makes a loop body of one that does not look.
func drop[V any](yield func(int) bool) func(state.Windowed[string], V) bool {
	return func(state.Windowed[string], V) bool { return yield(0) }
}

func TestWindowErrorsOfSerdes(t *testing.T) {
	b := &base{}
	s := openWindows(b, text{})
	if _, err := s.Put("refused", "v", 1); err == nil {
		t.Error("key: no error")
	}
	if _, err := s.Put("a", "refused", 2); err == nil { // strings are kept decoded
		fails(t, s.Freeze(1, &state.Batch{}), errRefused)
	}
	s.Discard()
	for _, row := range [][2]string{{"refused", "12345678v"}, {"a", "12345678refused"}, {"a", "short"}} {
		b.m.Clear()
		b.m.Set("\x00", string(make([]byte, 8))) // the stream time
		b.m.Set(string(state.WindowRow{Key: []byte(row[0])}.AppendKey(nil)), row[1])
		s.Discard()
		for range s.All() {
			t.Error("a row that cannot be read")
		}
		if s.ScanErr() == nil {
			t.Errorf("%q: no error", row)
		}
	}
	if _, _, err := s.Get("a", 0); err == nil {
		t.Error("value: no error")
	}
}

// Whatever the base holds, no read panics.
func FuzzStoredWindows(f *testing.F) {
	f.Add(state.WindowRow{Key: []byte("a"), StartMs: 5}.AppendKey(nil), []byte("12345678v"), []byte("\x00\x00\x00\x00\x00\x00\x00\x05"))
	f.Add([]byte("\x00\x01short"), []byte{}, []byte{})
	f.Add([]byte("12345678"), []byte("x"), []byte("\x7f\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(_ *testing.T, key, value, streamTime []byte) {
		b := &base{}
		b.m.Set("\x00", string(streamTime))
		b.m.Set(string(key), string(value))
		s := openWindows(b, list{})
		_, _, _ = s.Get("a", 5)
		for range s.Range("a", math.MinInt64, math.MaxInt64) {
		}
		for range s.All() {
		}
		_, _ = s.Put("a", []byte("n"), 1000)
		_ = s.Freeze(1, &state.Batch{})
	})
}

// A window that begins after all that the store has is not looked for there,
// however many keys are new in it.
func TestNewWindowsAreNotLookedFor(t *testing.T) {
	b := &base{}
	s := openWindows(b, serde.Serde[int64](number{}))
	count := func(key string, startMs int64) {
		t.Helper()
		n, _, err := s.Get(key, startMs)
		stores(t, true)(s.Put(key, n+1, startMs))
		do(t, err)
	}
	looks := func(what string, want int) {
		t.Helper()
		if b.gets != want {
			t.Errorf("%s: the base was asked %d times, want %d", what, b.gets, want)
		}
	}
	count("a", 10)
	learned := b.gets // the stream time
	count("b", 10)
	count("a", 15)
	looks("new windows", learned)
	applyWindows(t, b, s, 1)
	s.Evict(0)
	count("c", 20)
	looks("a window after them", learned)
	count("a", 15)
	count("b", 15)
	looks("windows that may be there", learned+2)
	if n, _, err := s.Get("a", 15); n != 2 || err != nil {
		t.Errorf("a counts %d, %v", n, err)
	}
}
