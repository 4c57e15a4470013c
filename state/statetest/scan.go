package statetest

import (
	"fmt"
	"slices"
)

// reversed returns the entries in the other order.
func reversed(p []pair) []pair {
	p = slices.Clone(p)
	slices.Reverse(p)
	return p
}

func scanBothWays(f *fixture) {
	s := f.store(id(0))
	f.equal("empty store", []pair(nil), f.all(s))
	f.equal("empty store, reverse", []pair(nil), f.scan(s, "", "", true))
	// Enough for several nodes or blocks.
	var want []pair
	var pairs []string
	for i := range 1000 {
		p := pair{fmt.Sprintf("key-%04d", i), fmt.Sprint(i)}
		want = append(want, p)
		pairs = append(pairs, p.Key, p.Value)
	}
	f.apply(s, 1, pairs...)
	f.equal("forward", want, f.all(s))
	f.equal("reverse", reversed(want), f.scan(s, "", "", true))
	f.equal("part", want[17:512], f.scan(s, "key-0017", "key-0512", false))
	f.equal("part, reverse", reversed(want[17:512]), f.scan(s, "key-0017", "key-0512", true))
}

func scanBounds(f *fixture) {
	s := f.store(id(0))
	f.apply(s, 1, "b", "1", "d", "2", "f", "3", "\xff\xff", "4")
	b, d, ff, last := pair{"b", "1"}, pair{"d", "2"}, pair{"f", "3"}, pair{"\xff\xff", "4"}
	for _, c := range []struct {
		from, to string
		want     []pair
	}{
		{"", "", []pair{b, d, ff, last}},
		{"b", "", []pair{b, d, ff, last}},
		{"c", "", []pair{d, ff, last}},
		{"\xff", "", []pair{last}},
		{"\xff\xff\x00", "", nil},
		{"", "f", []pair{b, d}},
		{"", "e", []pair{b, d}},
		{"", "b", nil},
		{"", "a", nil},
		{"", "\xff\xff\xff", []pair{b, d, ff, last}},
		{"b", "f", []pair{b, d}},
		{"a", "z", []pair{b, d, ff}},
		{"d", "d", nil},
		{"c", "d", nil},
		{"f", "b", nil},
	} {
		what := fmt.Sprintf("[%q, %q)", c.from, c.to)
		f.equal(what, c.want, f.scan(s, c.from, c.to, false))
		got := f.scan(s, c.from, c.to, true)
		slices.Reverse(got)
		f.equal(what+" reverse", c.want, got)
	}
	// Not nil: nothing is below an empty key.
	f.equal("empty to", []pair(nil), f.drain(s.Scan(nil, []byte{}, false)))
	f.equal("empty to, reverse", []pair(nil), f.drain(s.Scan(nil, []byte{}, true)))
	f.equal("empty from", []pair{b, d, ff, last}, f.drain(s.Scan([]byte{}, nil, false)))
}

func prefixKeys(f *fixture) {
	s := f.store(id(0))
	keys := []string{"a", "a\x00", "a\x00\x00", "a\x00b", "ab", "a\xff", "a\xff\xff", "b"}
	var pairs []string
	var want []pair
	for i, k := range keys {
		pairs = append(pairs, k, fmt.Sprint(i))
		want = append(want, pair{k, fmt.Sprint(i)})
	}
	f.apply(s, 1, pairs...)
	for i, k := range keys {
		f.equal(fmt.Sprintf("%q", k), fmt.Sprintf("%q", fmt.Sprint(i)), f.get(s, k))
	}
	f.equal("order", want, f.all(s))
	f.equal("from a to b", want[:7], f.scan(s, "a", "b", false))
	f.equal("after a", want[1:], f.scan(s, "a\x00", "", false))
}

func scanIsASnapshot(f *fixture) {
	s := f.store(id(0))
	var pairs []string
	var want []pair
	for i := range 200 {
		p := pair{fmt.Sprintf("%03d", i), "old"}
		pairs, want = append(pairs, p.Key, p.Value), append(want, p)
	}
	f.apply(s, 1, pairs...)
	for _, reverse := range []bool{false, true} {
		untouched := s.Scan(nil, nil, reverse)
		c := s.Scan(nil, nil, reverse)
		var got []pair
		for i := 0; c.Next(); i++ {
			got = append(got, pair{string(c.Key()), string(c.Value())})
			// Ahead of and behind the cursor: overwrite, delete, insert.
			b := batch(fmt.Sprintf("%03d", (i*7)%200), "new", fmt.Sprintf("%03d-%v", i, reverse), "inserted")
			b.Delete(fmt.Appendf(nil, "%03d", (i*11)%200), 0)
			f.check(s.Apply(b, at(int64(2+i))))
		}
		f.check(c.Err())
		f.check(c.Close())
		expected := want
		if reverse {
			expected = reversed(want)
		}
		f.equal("scan that was under way", expected, got)
		f.equal("scan that had not begun", expected, f.drain(untouched))

		held := s.Scan(nil, nil, reverse)
		f.check(s.Clear())
		if len(f.drain(held)) == 0 {
			f.t.Fatal("Clear emptied a scan that was open")
		}
		f.equal("after clear", []pair(nil), f.all(s))
		f.apply(s, 1, pairs...)
	}
}

func cursorAfterItsEnd(f *fixture) {
	s := f.store(id(0))
	f.apply(s, 1, "a", "1", "b", "2")
	for _, reverse := range []bool{false, true} {
		c := s.Scan(nil, nil, reverse)
		for c.Next() {
		}
		f.equal("next after the end", false, c.Next())
		f.equal("and again", false, c.Next())
		f.check(c.Err())
		f.check(c.Close())
		f.check(c.Close())

		c = s.Scan(nil, nil, reverse)
		f.equal("first", true, c.Next())
		f.check(c.Close())
		f.equal("next after close", false, c.Next())
	}
}
