package statetest

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/millrace-io/millrace/state"
)

// recordsInSegments checks what the stores of joins of streams build on: the
// records of a key lie side by side in a segment, in the order of time and then
// of their numbers, whatever bytes the keys have, and go by whole segments.
func recordsInSegments(f *fixture) {
	layout := state.Records.Segments(time.Second) // of 128 ms each
	s := f.store(id(0))
	b := &state.Batch{}
	for _, key := range sessionKeys {
		for _, ms := range []int64{130, -1, 1 << 40, 127, 128, 5} {
			for _, seq := range []int64{1, 0, 300} {
				b.Set(layout.AppendKey(nil, state.SegmentRow{Key: []byte(key), TimeMs: ms, FromMs: seq}), nil, 0)
			}
		}
	}
	state.Records.SetStreamTime(b, 128)
	f.check(s.Apply(b, at(1)))

	near := func(key string, segment int64) (list []string) {
		prefix := state.VersionRow{Key: []byte(key)}.AppendPrefix(layout.AppendSegment(nil, layout.Segment(segment)))
		to := layout.AppendTimes(slices.Clone(prefix), math.MaxInt64, math.MaxInt64)
		for _, p := range f.drain(s.Scan(prefix, to, false)) {
			r, err := layout.DecodeKey([]byte(p.Key), new([]byte))
			f.check(err)
			list = append(list, fmt.Sprintf("%q@%d.%d", r.Key, r.TimeMs, r.FromMs))
		}
		return list
	}
	for _, key := range sessionKeys {
		var want []string
		for _, ms := range []int64{128, 130} {
			for _, seq := range []int64{0, 1, 300} {
				want = append(want, fmt.Sprintf("%q@%d.%d", key, ms, seq))
			}
		}
		f.equal("records of a key in a segment", want, near(key, 128))
	}

	b.Reset()
	layout.Expire(b, 129)
	f.check(s.Apply(b, at(2)))
	for _, key := range sessionKeys {
		f.equal("records that have expired", []string(nil), append(near(key, 0), near(key, -1)...))
		f.equal("records in the segment that is needed", 6, len(near(key, 128)))
	}
	f.equal("rows left", 9*len(sessionKeys), len(f.drain(s.Scan(layout.First(), layout.Last(), false))))
	ms, ok, err := state.Records.StreamTime(s)
	f.check(err)
	f.equal("needed from", int64(128), ms)
	f.equal("needed from is there", true, ok)
}
