package store_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// openVersioned opens a view that remembers 10 ms.
func openVersioned[V any](b *base, vs serde.Serde[V]) *store.Versioned[string, V] {
	return store.NewVersioned(b, text{}, vs, store.Options{Name: "counts", History: history * time.Millisecond})
}

// commit freezes, applies and returns what the changelog gets, as "key=value@time".
func commit[V any](t *testing.T, b *base, s *store.Versioned[string, V], seq uint64) (logged []string) {
	t.Helper()
	var batch state.Batch
	do(t, s.Freeze(seq, &batch), b.Apply(&batch, state.Position{}))
	s.Applied(seq)
	var scratch []byte
	for i := range batch.Len() {
		r, ok, err := state.Versions.Record(batch.At(i), &scratch)
		if do(t, err); ok {
			logged = append(logged, fmt.Sprintf("%s=%s@%d", r.Key, r.Value, r.Time))
		}
	}
	return logged
}

func stores(t *testing.T, want bool) func(stored bool, err error) {
	t.Helper()
	return func(stored bool, err error) {
		t.Helper()
		if err != nil || stored != want {
			t.Fatalf("stored %v, %v", stored, err)
		}
	}
}

func TestVersionIsLoggedOnceAndWhatIsNewerAfterIt(t *testing.T) {
	b := &base{}
	s := openVersioned(b, text{})
	stores(t, true)(s.Put("a", "five", 5))
	stores(t, true)(s.Put("a", "FIVE", 5))
	stores(t, true)(s.Put("b", "six", 6))
	stores(t, true)(s.Delete("a", 7))
	same(t, commit(t, b, s, 1), []string{"a=FIVE@5", "b=six@6", "a=@7"})
	stores(t, true)(s.Put("a", "two", 2))
	same(t, commit(t, b, s, 2), []string{"a=two@2", "a=FIVE@5", "a=@7"})
	stores(t, true)(s.Put("a", "one", 1))
	same(t, commit(t, b, s, 3), []string{"a=one@1", "a=two@2", "a=FIVE@5", "a=@7"})
	stores(t, true)(s.Put("a", "six", 6))
	same(t, commit(t, b, s, 4), []string{"a=six@6", "a=@7"})
	same(t, commit(t, b, s, 5), nil)
}

func TestVersionFromBeforeTheHistoryIsNotStored(t *testing.T) {
	b := &base{}
	s := openVersioned(b, text{})
	stores(t, true)(s.Put("a", "v", 100))
	stores(t, true)(s.Put("b", "v", 90)) // exactly where it begins
	stores(t, false)(s.Put("b", "v", 89))
	stores(t, false)(s.Delete("a", 0))
	same(t, commit(t, b, s, 1), []string{"a=v@100", "b=v@90"})
	again := openVersioned(b, text{}) // the stream time is part of the state
	stores(t, false)(again.Put("b", "v", 89))
	stores(t, true)(again.Put("b", "v", 90))
}

func TestUpdateSaysWhatBecomesOfTheRow(t *testing.T) {
	s := openVersioned(&base{}, text{})
	for _, c := range []struct {
		value string
		ms    int64
		want  store.Update[string]
	}{
		{"a", 20, store.Update[string]{Stored: true, Newest: true}},
		{"b", 30, store.Update[string]{Stored: true, Newest: true, Old: "a", HasOld: true}},
		{"c", 25, store.Update[string]{Stored: true, Old: "b", HasOld: true}},
		{"d", 19, store.Update[string]{}},
		{"e", 30, store.Update[string]{Stored: true, Newest: true, Old: "b", HasOld: true}},
		{"", 31, store.Update[string]{Stored: true, Newest: true, Old: "e", HasOld: true}},
		{"f", 32, store.Update[string]{Stored: true, Newest: true}},
	} {
		got, err := s.Update("k", c.value, c.value != "", c.ms)
		if d := cmp.Diff(c.want, got); err != nil || d != "" {
			t.Errorf("%s@%d: %v %s", c.value, c.ms, err, d)
		}
	}
	same(t, s.Operations(), state.Operations{Get: 7, Put: 6, Delete: 1})
}

func TestTimesThatNoRecordCanCarry(t *testing.T) {
	s := openVersioned(&base{}, text{})
	for _, ms := range []int64{-1, math.MinInt64, math.MaxInt64, math.MaxInt64/1_000_000 + 1} {
		if stored, err := s.Put("k", "v", ms); stored || err == nil {
			t.Errorf("%d: %v, %v", ms, stored, err)
		}
	}
	stores(t, true)(s.Put("k", "v", math.MaxInt64/1_000_000))
	for _, ms := range []int64{math.MinInt64, -1, 0} {
		if _, _, ok, err := s.GetAsOf("k", ms); ok || err != nil {
			t.Errorf("as of %d: %v, %v", ms, ok, err)
		}
	}
	for v := range s.History("k", math.MinInt64, math.MaxInt64) {
		same(t, v, state.Version[string]{Value: "v", FromMs: math.MaxInt64 / 1_000_000, ToMs: math.MaxInt64})
	}
}

// What a key's newest version is, is found once: reads of that alone need no
// scan, nor do versions that come in their order.
func TestNewestVersionIsFoundOnce(t *testing.T) {
	b := &base{}
	s := openVersioned(b, number{})
	stores(t, true)(s.Put("a", 1, 1))
	commit(t, b, s, 1)
	s.Discard()
	if _, _, ok, err := s.Get("a"); !ok || err != nil {
		t.Fatal(ok, err)
	}
	_, _, _, _ = s.Get("missing")
	b.scanErr = errRefused
	for i := range int64(3) {
		stores(t, true)(s.Put("a", 1, 2+i))
		if v, ms, ok, err := s.Get("a"); v != 1 || ms != 2+i || !ok || err != nil {
			t.Fatal(v, ms, ok, err)
		}
		if _, _, ok, err := s.Get("missing"); ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if _, _, _, err := s.Get("other"); err == nil {
		t.Error("no error")
	}
}

// What a round has left in place makes the next one due, also if nobody has
// written to the key since.
func TestVersionsGoOnceTheHistoryHasPassedThem(t *testing.T) {
	b := &base{}
	first := openVersioned(b, text{})
	stores(t, true)(first.Put("k", "old", 1))
	stores(t, true)(first.Put("k", "new", 5))
	commit(t, b, first, 1)
	s := openVersioned(b, text{})
	stores(t, true)(s.Put("other", "v", 6))
	commit(t, b, s, 1)
	same(t, b.m.Len(), 4) // three versions and the stream time
	stores(t, true)(s.Put("another", "v", 15))
	commit(t, b, s, 2)
	same(t, b.m.Len(), 4) // old@1 has gone, another@15 has come
	if v, ms, ok, err := s.Get("k"); v != "new" || ms != 5 || !ok || err != nil {
		t.Error(v, ms, ok, err)
	}
}

func TestVersionedErrorsOfTheBase(t *testing.T) {
	b := &base{}
	s := openVersioned(b, text{})
	stores(t, true)(s.Put("a", "v", 1))
	stores(t, true)(s.Put("a", "v", 2))
	commit(t, b, s, 1)
	use := map[string]func() error{
		"get":     func() error { _, _, _, err := s.Get("a"); return err },
		"as of":   func() error { _, _, _, err := s.GetAsOf("a", 1); return err },
		"put":     func() error { _, err := s.Put("a", "v", 3); return err },
		"delete":  func() error { _, err := s.Delete("a", 3); return err },
		"update":  func() error { _, err := s.Update("a", "v", true, 3); return err },
		"history": func() error { collect(s.History("a", 0, 9)); return s.ScanErr() },
	}
	for name, call := range use {
		s.Discard()
		b.getErr = errRefused // the stream time cannot be read
		if err := call(); err == nil {
			t.Errorf("%s: no error", name)
		}
		b.getErr, b.scanErr = nil, errRefused
		if err := call(); err == nil {
			t.Errorf("%s: no error of a scan", name)
		}
		if b.scanErr = nil; call() != nil {
			t.Errorf("%s: the error stays", name)
		}
		if b.open != 0 {
			t.Fatalf("%s: a cursor is open", name)
		}
	}
	stores(t, true)(s.Put("a", "v", 30))
	b.scanErr = errRefused
	for range s.All() {
		t.Error("a row of nothing")
	}
	fails(t, s.ScanErr(), errRefused)
	fails(t, s.Freeze(2, &state.Batch{}), errRefused)
}

func collect[T any](seq func(func(T) bool)) (all []T) {
	seq(func(v T) bool { all = append(all, v); return true })
	return all
}

func TestVersionedErrorsOfSerdes(t *testing.T) {
	b := &base{}
	s := openVersioned(b, text{})
	stores(t, true)(s.Put("a", "v", 1))
	if _, err := s.Put("refused", "v", 1); err == nil {
		t.Error("key: no error")
	}
	if _, err := s.Put("a", "refused", 2); err == nil { // strings are kept decoded
		fails(t, s.Freeze(1, &state.Batch{}), errRefused)
	}
	s.Discard()
	for _, row := range []state.VersionRow{{Key: []byte("refused"), Value: []byte("v")}, {Key: []byte("v"), Value: []byte("refused")}} {
		b.m.Clear()
		b.m.Set(string(row.AppendKey(nil)), string(row.AppendValue(nil)))
		for range s.All() {
			t.Error("a row that cannot be read")
		}
		fails(t, s.ScanErr(), errRefused)
	}
	if _, _, _, err := s.Get("v"); err == nil {
		t.Error("value: no error")
	}
}

// Whatever the base holds, no read panics.
func FuzzStoredVersions(f *testing.F) {
	row := state.VersionRow{Key: []byte("a"), TimeMs: 5, Value: []byte("v")}
	f.Add(row.AppendKey(nil), row.AppendValue(nil), []byte("12345678"))
	f.Add([]byte("a\x00\x01short"), []byte{}, []byte{})
	f.Add([]byte("a\x00\x0112345678"), []byte("x\x00"), []byte("\x7f\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, key, value, streamTime []byte) {
		b := &base{}
		b.m.Set("\x00", string(streamTime))
		b.m.Set(string(key), string(value))
		s := openVersioned(b, list{})
		_, _, _, _ = s.Get("a")
		_, _, _, _ = s.GetAsOf("a", 3)
		collect(s.History("a", 0, 100))
		for range s.All() {
		}
		_, _ = s.Put("a", []byte("n"), 1000)
		_ = s.Freeze(1, &state.Batch{})
	})
}
