package store_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// timed is what a Timestamped base holds for a value.
func timed(ms byte, value string) string {
	return "\x00\x00\x00\x00\x00\x00\x00" + string(rune(ms)) + value
}

func open[V any](b *base, vs serde.Serde[V]) *store.KeyValue[string, V] {
	return store.NewKeyValue(b, text{}, vs, store.Options{Name: "counts"})
}

// do fails the test at the first error.
func do(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// freeze returns the writes of one transaction: key=value@time or -key@time.
func freeze[V any](t *testing.T, s *store.KeyValue[string, V], seq uint64) []string {
	t.Helper()
	var b state.Batch
	do(t, s.Freeze(seq, &b))
	return writes(&b)
}

func writes(b *state.Batch) (ws []string) {
	for i := range b.Len() {
		w := b.At(i)
		at := "@" + strconv.FormatInt(w.Time, 10)
		if w.Delete {
			ws = append(ws, "-"+string(w.Key)+at)
			continue
		}
		ws = append(ws, string(w.Key)+"="+string(w.Value)+at)
	}
	return ws
}

func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("(-want +got):\n%s", d)
	}
}

func TestKeyUpdatedAHundredTimesIsCodedAndLoggedOnce(t *testing.T) {
	b, n := &base{}, counting()
	b.m.Set("word", timed(1, "\x00\x00\x00\x00\x00\x00\x00\x07"))
	s := open(b, n)
	for range 100 {
		s.Mark()
		v, _, err := s.Get("word")
		do(t, err, s.Put("word", v+1))
	}
	same(t, freeze(t, s, 1), []string{"word=" + timed(0, "\x00\x00\x00\x00\x00\x00\x00\x6b") + "@0"})
	if b.gets != 1 || *n.decoded != 1 || *n.encoded != 1 {
		t.Fatalf("%d reads, %d decodings, %d encodings, want one of each", b.gets, *n.decoded, *n.encoded)
	}
}

func TestMissingKeyIsReadOnce(t *testing.T) {
	b := &base{}
	s := open(b, text{})
	for range 3 {
		if _, ok, err := s.Get("a"); ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if b.gets != 1 {
		t.Fatalf("%d reads of the base", b.gets)
	}
	s.Evict(0)
	_, _, err := s.Get("a")
	do(t, err)
	if b.gets != 2 {
		t.Fatalf("%d reads of the base after eviction", b.gets)
	}
}

func TestWritesAreLoggedInTheOrderOfFirstWriteWithTheirTimes(t *testing.T) {
	var now int64
	for format, want := range map[state.Format][]string{
		state.Timestamped: {"b=" + timed(3, "3") + "@3", "-x@2", "a=" + timed(9, "4") + "@9"},
		state.Plain:       {"b=3@3", "-x@2", "a=4@9"},
	} {
		s := store.NewKeyValue(&base{}, text{}, text{}, store.Options{Format: format, Now: &now})
		now = 1
		do(t, s.Put("b", "1"))
		now = 2
		do(t, s.Delete("x"))
		now = 3
		do(t, s.Put("b", "3"), s.PutWithTime("a", "4", 9))
		same(t, freeze(t, s, 1), want)
	}
}

func TestDeletionOfWhatIsDeletedChangesNothing(t *testing.T) {
	var now int64
	s := store.NewKeyValue(&base{}, text{}, text{}, store.Options{Now: &now})
	_, _, err := s.Get("absent")
	do(t, err, s.Delete("absent"))
	if _, dirty, _ := s.Bytes(); dirty != 0 {
		t.Fatalf("%d bytes are dirty", dirty)
	}
	do(t, s.Delete("a"))
	now = 1
	do(t, s.Delete("a"))
	same(t, freeze(t, s, 1), []string{"-a@0"})
}

func TestClockReplacesNow(t *testing.T) {
	s := open(&base{}, text{})
	now := int64(5)
	s.Clock(&now)
	do(t, s.Put("a", "1"))
	now = 6
	do(t, s.Delete("b"))
	same(t, freeze(t, s, 1), []string{"a=" + timed(5, "1") + "@5", "-b@6"})
}

func TestDeletionIsLoggedUnlessTheKeyIsKnownToBeNowhere(t *testing.T) {
	type kv = store.KeyValue[string, string]
	get := func(s *kv) error { _, _, err := s.Get("a"); return err }
	put := func(s *kv) error { return s.Put("a", "1") }
	del := func(s *kv) error { return s.Delete("a") }
	next := func(s *kv) error { return s.Freeze(1, &state.Batch{}) }
	applied := func(s *kv) error { s.Applied(1); return nil }
	undo := func(s *kv) error { s.Undo(); return nil }
	for name, c := range map[string]struct {
		steps  []func(*kv) error
		logged bool
	}{
		"never read":                    {[]func(*kv) error{del}, true},
		"never read, put":               {[]func(*kv) error{put, del}, true},
		"read":                          {[]func(*kv) error{get, del}, false},
		"read, put":                     {[]func(*kv) error{get, put, del}, false},
		"put in flight":                 {[]func(*kv) error{get, put, next, del}, true},
		"put applied":                   {[]func(*kv) error{get, put, next, applied, del}, true},
		"deleted in flight":             {[]func(*kv) error{del, next, del}, false},
		"deleted in flight, put":        {[]func(*kv) error{del, next, put, del}, false},
		"deleted and applied":           {[]func(*kv) error{del, next, applied, put, del}, false},
		"put undone":                    {[]func(*kv) error{put, undo, del}, true},
		"read, put undone, then put":    {[]func(*kv) error{get, put, undo, put, del}, false},
		"read, put, delete, next again": {[]func(*kv) error{get, put, del, next, put, del}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(&base{}, text{})
			for _, step := range c.steps {
				do(t, step(s))
			}
			var want []string
			if c.logged {
				want = []string{"-a@0"}
			}
			same(t, freeze(t, s, 2), want)
			do(t, s.Check())
			if _, ok, err := s.Get("a"); ok || err != nil {
				t.Fatal(ok, err)
			}
		})
	}
}

func TestUndoTakesBackOneRecordOnly(t *testing.T) {
	b := &base{}
	b.m.Set("a", timed(1, "committed"))
	s := open(b, text{})
	s.Mark()
	do(t, s.Put("a", "first"), s.Put("b", "first"))
	s.Mark()
	do(t, s.Put("a", "second"), s.Put("a", "third"), s.Delete("b"), s.Put("c", "second"))
	s.Undo()
	s.Undo() // nothing is left to undo
	same(t, freeze(t, s, 1), []string{"a=" + timed(0, "first") + "@0", "b=" + timed(0, "first") + "@0"})
}

func TestUndoOfARecordWithManyWrites(t *testing.T) {
	s := open(&base{}, text{})
	do(t, s.Put("0", "kept"))
	s.Mark()
	for i := range 5000 {
		do(t, s.Put(strconv.Itoa(i), "x"))
	}
	s.Undo()
	do(t, s.Check(), s.Put("1", "kept"))
	same(t, freeze(t, s, 1), []string{"0=" + timed(0, "kept") + "@0", "1=" + timed(0, "kept") + "@0"})
}

func TestReadsOfAnUndoneRecordStay(t *testing.T) {
	b := &base{}
	s := open(b, text{})
	s.Mark()
	_, _, err := s.Get("a")
	do(t, err)
	s.Undo()
	if s.Entries() != 1 {
		t.Fatalf("%d entries", s.Entries())
	}
}

func TestPlainFormatHasNoTimes(t *testing.T) {
	b := &base{}
	b.m.Set("a", "1")
	s := store.NewKeyValue(b, text{}, text{}, store.Options{Format: state.Plain})
	do(t, s.PutWithTime("b", "2", 7))
	for _, k := range []string{"a", "b"} {
		if _, ts, ok, err := s.GetWithTime(k); ts != -1 || !ok || err != nil {
			t.Fatal(ts, ok, err)
		}
	}
}

func TestEntriesThatWereUsedAreEvictedLast(t *testing.T) {
	b := &base{}
	s := open(b, text{})
	get := func(k string) { t.Helper(); _, _, err := s.Get(k); do(t, err) }
	for _, k := range []string{"a", "b", "c", "d"} {
		get(k)
	}
	get("a")
	do(t, s.Put("c", ""))
	freeze(t, s, 1)
	s.Applied(1)
	bytes, _, _ := s.Bytes()
	s.Evict(bytes / 2)
	b.gets = 0
	get("a")
	get("c")
	if s.Entries() != 2 || b.gets != 0 {
		t.Fatalf("%d entries, %d reads", s.Entries(), b.gets)
	}
}

func TestBytesMoveWithTheTransaction(t *testing.T) {
	s := open(&base{}, text{})
	long := strings.Repeat("x", 10_000)
	check := func(want ...bool) {
		t.Helper()
		c, d, f := s.Bytes()
		same(t, []bool{c > 10_000, d > 10_000, f > 10_000}, want)
	}
	check(false, false, false)
	do(t, s.Put("a", long))
	check(false, true, false)
	freeze(t, s, 1)
	check(false, false, true)
	do(t, s.Put("a", long))
	check(false, true, false) // an entry counts once
	freeze(t, s, 2)
	s.Applied(1)
	check(false, false, true)
	s.Evict(0)
	check(false, false, true)
	s.Applied(2)
	check(true, false, false)
	s.Evict(0)
	check(false, false, false)
}

func TestDiscardForgets(t *testing.T) {
	b := &base{}
	s := open(b, text{})
	_, _, err := s.Get("a")
	do(t, err, s.Put("b", "1"))
	freeze(t, s, 1)
	do(t, s.Put("c", "1"))
	b.m.Set("a", timed(1, "restored"))
	s.Discard()
	if c, d, f := s.Bytes(); c+d+f != 0 || s.Entries() != 0 {
		t.Fatal(c, d, f, s.Entries())
	}
	v, ok, err := s.Get("a")
	if v != "restored" || !ok || err != nil {
		t.Fatal(v, ok, err)
	}
	same(t, freeze(t, s, 2), nil)
}
