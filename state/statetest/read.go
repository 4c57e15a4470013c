package statetest

import (
	"bytes"

	"github.com/millrace-io/millrace/state"
)

func getReturnsWhatWasApplied(f *fixture) {
	s := f.store(id(0))
	f.equal("before", "missing", f.get(s, "a"))
	f.apply(s, 1, "a", "1", "b", "2")
	f.equal("a", `"1"`, f.get(s, "a"))
	f.equal("b", `"2"`, f.get(s, "b"))
	f.equal("c", "missing", f.get(s, "c"))

	b := batch("b", "3")
	b.Delete([]byte("a"), 0)
	b.Delete([]byte("never"), 0)
	f.check(s.Apply(b, at(2)))
	f.equal("a after delete", "missing", f.get(s, "a"))
	f.equal("b after overwrite", `"3"`, f.get(s, "b"))
}

func emptyIsNotMissing(f *fixture) {
	s := f.store(id(0))
	f.equal("empty key before", "missing", f.get(s, ""))
	f.apply(s, 1, "a", "", "", "of the empty key")
	f.equal("empty value", `""`, f.get(s, "a"))
	f.equal("empty key", `"of the empty key"`, f.get(s, ""))
	f.equal("scan", []pair{{"", "of the empty key"}, {"a", ""}}, f.all(s))
	f.equal("reverse", []pair{{"a", ""}, {"", "of the empty key"}}, f.scan(s, "", "", true))

	b := &state.Batch{}
	b.Delete(nil, 0)
	f.check(s.Apply(b, at(2)))
	f.equal("empty key after delete", "missing", f.get(s, ""))
}

func getAppends(f *fixture) {
	s := f.store(id(0))
	f.apply(s, 1, "a", "1")
	got, ok, err := s.Get([]byte("before-"), []byte("a"))
	f.check(err)
	f.equal("ok", true, ok)
	f.equal("value", "before-1", string(got))
	got, ok, err = s.Get([]byte("before-"), []byte("b"))
	f.check(err)
	f.equal("ok of a missing key", false, ok)
	f.equal("buffer after a missing key", "before-", string(got))
}

func lastWriteWins(f *fixture) {
	s := f.store(id(0))
	b := batch("a", "1", "b", "1", "a", "2")
	b.Delete([]byte("b"), 0)
	b.Delete([]byte("c"), 0)
	b.Set([]byte("c"), []byte("3"), 0)
	f.check(s.Apply(b, at(1)))
	f.equal("entries", []pair{{"a", "2"}, {"c", "3"}}, f.all(s))
}

func batchMayBeReused(f *fixture) {
	s := f.store(id(0))
	b := batch("key1", "value1")
	f.check(s.Apply(b, at(1)))
	b.Reset()
	b.Set([]byte("yek2"), []byte("eulav2"), 0) // over the same memory
	f.equal("entries", []pair{{"key1", "value1"}}, f.all(s))
	f.check(s.Load(b, at(2)))
	b.Reset()
	b.Set([]byte("zzzz"), []byte("zzzzzz"), 0)
	f.equal("entries after load", []pair{{"key1", "value1"}, {"yek2", "eulav2"}}, f.all(s))

	// What a reader does to what it got is its own affair.
	got, _, err := s.Get(nil, []byte("key1"))
	f.check(err)
	clear(got)
	f.equal("value after scribbling", `"value1"`, f.get(s, "key1"))
}

func largeValues(f *fixture) {
	s := f.store(id(0))
	big := func(c byte) string { return string(bytes.Repeat([]byte{c}, 3<<20)) }
	f.apply(s, 1, "a", big('a'), "b", "small")
	f.apply(s, 2, "c", big('c'), string(bytes.Repeat([]byte("k"), 60_000)), "long key")
	f.apply(s, 3, "a", big('A'))
	for key, want := range map[string]string{"a": big('A'), "b": "small", "c": big('c')} {
		got, ok, err := s.Get(nil, []byte(key))
		f.check(err)
		if !ok || string(got) != want {
			f.t.Fatalf("value of %s: %d bytes, want %d", key, len(got), len(want))
		}
	}
	f.equal("long key", `"long key"`, f.get(s, string(bytes.Repeat([]byte("k"), 60_000))))
}
