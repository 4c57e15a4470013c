package statetest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/millrace-io/millrace/state"
)

// sessionKeys are what keys of sessions may look like.
var sessionKeys = []string{"b", "", "a", "\x00", "a\x00", "a\x00\x01", "\xff", "ab"}

// sessionRows are some sessions of each key.
func sessionRows() (rows []state.SegmentRow) {
	for _, key := range sessionKeys {
		for _, ms := range []int64{7, 0, 1 << 40, 255, 256, -1, 300} {
			rows = append(rows, state.SegmentRow{Key: []byte(key), TimeMs: ms, FromMs: ms - 3})
		}
	}
	return rows
}

func (f *fixture) applySessions(s state.Store, layout state.Segments, rows []state.SegmentRow) {
	f.t.Helper()
	b := &state.Batch{}
	for i, r := range rows {
		b.Set(layout.AppendKey(nil, r), fmt.Append(nil, i), 0)
		if layout.ByTime() {
			b.Set(layout.AppendIndex(nil, r), nil, 0)
		}
	}
	f.check(s.Apply(b, at(1)))
}

// sessionsInSegments checks what session stores build on: the sessions of a key
// lie side by side within a segment, whatever bytes the keys have, and the index
// is in the order of time.
func sessionsInSegments(f *fixture) {
	layout := state.Sessions.ByTime().Segments(256 * time.Millisecond) // of 128 ms each
	rows := sessionRows()
	s := f.store(id(0))
	f.applySessions(s, layout, rows)
	text := func(r state.SegmentRow) string { return fmt.Sprintf("%q@[%d,%d]", r.Key, r.FromMs, r.TimeMs) }

	var want, got []string
	for _, key := range sessionKeys {
		for _, segment := range []uint64{layout.Segment(0), layout.Segment(256)} {
			prefix := state.VersionRow{Key: []byte(key)}.AppendPrefix(layout.AppendSegment(nil, segment))
			from, to := layout.AppendTimes(slices.Clone(prefix), 1, math.MinInt64), layout.AppendTimes(prefix, 300, math.MinInt64)
			for _, p := range f.drain(s.Scan(from, to, false)) {
				r, err := layout.DecodeKey([]byte(p.Key), new([]byte))
				f.check(err)
				got = append(got, text(r))
			}
		}
		for _, ms := range []int64{7, 256} { // 300 is excluded, and 255 in the segment between
			want = append(want, text(state.SegmentRow{Key: []byte(key), TimeMs: ms, FromMs: ms - 3}))
		}
	}
	f.equal("sessions by key", want, got)

	slices.SortFunc(rows, func(x, y state.SegmentRow) int {
		return cmp.Or(cmp.Compare(x.TimeMs, y.TimeMs), slices.Compare(x.Key, y.Key))
	})
	byTime := func() (all []string) {
		for _, p := range f.drain(s.Scan(layout.AppendIndex(nil, state.SegmentRow{TimeMs: -1, FromMs: math.MinInt64}), layout.IndexEnd(256), false)) {
			r, err := layout.DecodeIndex([]byte(p.Key))
			f.check(err)
			all = append(all, text(r))
		}
		return all
	}
	want = nil
	for _, r := range rows {
		if r.TimeMs >= -1 && r.TimeMs <= 256 {
			want = append(want, text(r))
		}
	}
	f.equal("sessions by time", want, byTime())

	b := &state.Batch{}
	layout.Expire(b, 255)
	f.check(s.Apply(b, at(2)))
	f.equal("sessions left", 4*len(sessionKeys), len(f.drain(s.Scan(layout.First(), layout.Last(), false))))
	want = want[3*len(sessionKeys):] // those of -1, 0 and 7
	f.equal("sessions left in the index", want, byTime())
}

// sessionsMove checks that a store finds the sessions of an application that had
// another retention, or no index, with its position.
func sessionsMove(f *fixture) {
	s := f.store(id(0))
	rows := sessionRows()
	formats := []state.Format{state.Sessions, state.Sessions.ByTime()}
	f.applySessions(s, state.Sessions.Segments(0), rows)
	for i, retention := range []time.Duration{time.Millisecond, time.Hour, time.Hour, 0, 256 * time.Millisecond} {
		layout := formats[(i+1)/2%2].Segments(retention)
		f.check(layout.Adopt(s))
		found := map[string]string{}
		for _, p := range f.drain(s.Scan(nil, nil, false)) {
			found[p.Key] = p.Value
		}
		want := map[string]string{}
		for i, r := range rows {
			want[string(layout.AppendKey(nil, r))] = fmt.Sprint(i)
			if layout.ByTime() {
				want[string(layout.AppendIndex(nil, r))] = ""
			}
		}
		f.equal(fmt.Sprintf("rows with retention %s, index %v", retention, layout.ByTime()), want, found)
		p, ok := s.Position()
		f.equal("position", at(1), p)
		f.equal("there is a position", true, ok)
	}
}
