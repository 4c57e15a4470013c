package statetest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/millrace-io/millrace/state"
)

// versionsSideBySide checks what versioned stores build on: the rows of a key
// are next to each other, the newest in front, whatever bytes the key has.
func versionsSideBySide(f *fixture) {
	type version struct {
		key string
		ms  int64
	}
	var versions []version
	for _, key := range []string{"b", "a\x00b", "", "a", "\x00", "a\x00", "\x00\x01", "\xff", "\x00\xff", "ab"} {
		for _, ms := range []int64{7, 0, 1 << 40, 255, 256} {
			versions = append(versions, version{key, ms})
		}
	}
	b := &state.Batch{}
	for _, v := range versions {
		state.Versions.Restore(b, state.Write{Key: []byte(v.key), Value: fmt.Appendf(nil, "%q@%d", v.key, v.ms), Time: v.ms})
	}
	state.Versions.SetStreamTime(b, 1<<40)
	s := f.store(id(0))
	f.check(s.Apply(b, at(1)))

	slices.SortFunc(versions, func(x, y version) int { return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(y.ms, x.ms)) })
	var want, got []string
	for _, v := range versions {
		want = append(want, fmt.Sprintf("%q@%d", v.key, v.ms))
	}
	for _, p := range f.drain(s.Scan(state.Versions.FirstVersion(), nil, false)) {
		var r state.VersionRow
		var scratch []byte
		f.check(r.Decode([]byte(p.Key), []byte(p.Value), &scratch))
		f.equal("value of a row", fmt.Sprintf("%q@%d", r.Key, r.TimeMs), string(r.Value))
		got = append(got, string(r.Value))
	}
	f.equal("order of the versions", want, got)

	for _, v := range versions {
		r := state.VersionRow{Key: []byte(v.key), TimeMs: v.ms}
		end := r.AppendPrefix(nil)
		end[len(end)-1]++
		rows := f.drain(s.Scan(r.AppendKey(nil), end, false))
		i := slices.Index(versions, v)
		f.equal(fmt.Sprintf("versions of %q up to %d", v.key, v.ms), 5-i%5, len(rows))
	}
	ms, ok, err := state.Versions.StreamTime(s)
	f.check(err)
	f.equal("stream time", int64(1<<40), ms)
	f.equal("stream time is there", true, ok)
}
