package statetest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/millrace-io/millrace/state"
)

// windowsInOrderOfTime checks what window stores build on: rows lie in the order
// of time, whatever bytes the keys have.
func windowsInOrderOfTime(f *fixture) {
	var rows []state.WindowRow
	for _, key := range []string{"b", "", "a", "\x00", "a\x00", "\xff", "ab"} {
		for _, ms := range []int64{7, 0, 1 << 40, 255, 256, -1} {
			rows = append(rows, state.WindowRow{Key: []byte(key), StartMs: ms})
		}
	}
	b := &state.Batch{}
	for _, r := range rows {
		b.Set(r.AppendKey(nil), nil, 0)
	}
	state.Windows.SetStreamTime(b, 1<<40)
	s := f.store(id(0))
	f.check(s.Apply(b, at(1)))

	slices.SortFunc(rows, func(x, y state.WindowRow) int {
		return cmp.Or(cmp.Compare(x.StartMs, y.StartMs), slices.Compare(x.Key, y.Key))
	})
	var want, got []string
	for _, r := range rows {
		want = append(want, fmt.Sprintf("%q@%d", r.Key, r.StartMs))
	}
	for _, p := range f.drain(s.Scan(state.Windows.FirstWindow(), nil, false)) {
		var r state.WindowRow
		f.check(r.DecodeKey([]byte(p.Key)))
		got = append(got, fmt.Sprintf("%q@%d", r.Key, r.StartMs))
	}
	f.equal("order of the windows", want, got)

	b.Reset()
	state.Windows.Expire(b, 256)
	f.check(s.Apply(b, at(2)))
	f.equal("windows left", len(want)-4*7, len(f.drain(s.Scan(state.Windows.FirstWindow(), nil, false))))
	ms, ok, err := state.Windows.StreamTime(s)
	f.check(err)
	f.equal("stream time", int64(1<<40), ms)
	f.equal("stream time is there", true, ok)
}

// rangesAreDeleted checks deletions of ranges among other writes of a batch:
// each counts for what was there before it.
func rangesAreDeleted(f *fixture) {
	b := &state.Batch{}
	for _, key := range []string{"", "a", "b", "b\x00", "c", "d", "\xff"} {
		b.Set([]byte(key), []byte("old"), 0)
	}
	s, other := f.store(id(0)), f.store(id(1))
	f.check(s.Apply(b, at(1)))
	f.check(other.Apply(b, at(1)))

	b.Reset()
	b.Set([]byte("ba"), []byte("gone"), 0)
	b.DeleteRange([]byte("b"), []byte("d"))
	b.Set([]byte("c"), []byte("new"), 0)
	b.DeleteRange([]byte("x"), []byte("y"))
	before := s.Scan(nil, nil, false)
	f.check(s.Apply(b, at(2)))
	f.equal("a scan from before", 7, len(f.drain(before)))
	var got []string
	for _, p := range f.drain(s.Scan(nil, nil, false)) {
		got = append(got, fmt.Sprintf("%q=%s", p.Key, p.Value))
	}
	f.equal("rows", []string{`""=old`, `"a"=old`, `"c"=new`, `"d"=old`, `"\xff"=old`}, got)
	_, ok, err := s.Get(nil, []byte("b"))
	f.check(err)
	f.equal("b is there", false, ok)

	// Of nothing.
	for _, r := range [][2]string{{"d", "d"}, {"d", "a"}, {"", ""}} {
		b.Reset()
		b.DeleteRange([]byte(r[0]), []byte(r[1]))
		f.check(s.Apply(b, at(3)))
		f.equal("rows", 5, len(f.drain(s.Scan(nil, nil, false))))
		f.equal("row", `"old"`, f.get(s, r[0]))
	}
	f.equal("rows of another store", 7, len(f.drain(other.Scan(nil, nil, false))))
}
