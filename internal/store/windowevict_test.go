package store_test

import (
	"fmt"
	"testing"
)

// Rows that were evicted are found in memory as long as there is room for their
// bytes, and a key that is neither there nor among the entries is new. Then the
// oldest window goes.
func TestEvictedRowsOfNewWindowsAreNotLookedFor(t *testing.T) {
	const keys = 500
	b := &base{}
	s := openWindows(b, number{})
	windows := []int64{0, 5, 10}
	for _, start := range windows {
		for i := range keys {
			stores(t, true)(s.Put(fmt.Sprint("key ", i), start+int64(i), start))
		}
	}
	applyWindows(t, b, s, 1)
	learned := b.gets // the stream time
	looks := func(what string, start int64, want int) {
		t.Helper()
		before := b.gets
		for i := range keys {
			if n, ok, err := s.Get(fmt.Sprint("key ", i), start); n != start+int64(i) || !ok || err != nil {
				t.Fatalf("%s: key %d of window %d is %d, %v, %v", what, i, start, n, ok, err)
			}
			if _, ok, err := s.Get(fmt.Sprint("new ", i), start); ok || err != nil {
				t.Fatalf("%s: a new key: %v, %v", what, ok, err)
			}
		}
		if got := b.gets - before; got != want {
			t.Errorf("%s: the base was asked %d times for window %d, want %d", what, got, start, want)
		}
		do(t, s.Check())
	}
	whole, _, _ := s.Bytes()
	s.Evict(whole * 2 / 3)
	for _, start := range windows {
		looks("two thirds of the memory", start, 0)
	}
	s.Evict(whole / 5)
	looks("a fifth of it", 10, 0)
	looks("a fifth of it", 0, 2*keys)
	s.Evict(0)
	looks("none", 10, 2*keys)
	if learned != 1 {
		t.Errorf("the base was asked %d times before anything was evicted, want once", learned)
	}
}

// What was written or deleted since it went to the shelf comes back as it is.
func TestRowsComeBackFromTheShelfAsTheyAre(t *testing.T) {
	b := &base{}
	s := openWindows(b, text{})
	key := func(i int) string { return fmt.Sprint("key ", i%50) }
	for round, value := range []string{"short", "quite a bit longer", "short", "", "other"} {
		for i := range 50 {
			if value == "" && i%2 == 0 {
				do(t, s.Delete(key(i), 5))
			} else {
				stores(t, true)(s.PutWithTime(key(i), value, 5, int64(round)))
			}
		}
		applyWindows(t, b, s, uint64(round))
		clean, _, _ := s.Bytes()
		s.Evict(clean * 2 / 3)
		asked := b.gets
		for i := range 50 {
			v, ms, ok, err := s.GetWithTime(key(i), 5)
			if gone := value == "" && i%2 == 0; ok == gone || ok && (v != value || ms != int64(round)) || err != nil {
				t.Fatalf("%s is %q@%d, %v, %v after round %d", key(i), v, ms, ok, err, round)
			}
		}
		if b.gets != asked {
			t.Errorf("the base was asked %d times", b.gets-asked)
		}
		do(t, s.Check())
	}
	s.Discard()
	if v, ok, err := s.Get(key(1), 5); v != "other" || !ok || err != nil {
		t.Errorf("what the base has is %q, %v, %v", v, ok, err)
	}
}
