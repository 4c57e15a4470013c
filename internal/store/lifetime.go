package store

import (
	"fmt"
	"math"

	"github.com/millrace-io/millrace/state"
)

// lifetime is how long the rows of a store with a stream time of its own live.
// The base has a row for that time.
type lifetime struct {
	format      state.Format
	retentionMs int64 // 0 for ever

	// The stream time: now, when the record began, and as of the last freeze;
	// none before the first row.
	known                      bool
	streamTime, marked, frozen int64

	watermark *int64 // that rows expire by, nil for none
}

// Watermark has rows expire by the stream time at ms, and not by the highest
// time of those that were put.
func (l *lifetime) Watermark(ms *int64) { l.watermark = ms }

// learn reads the stream time, if it is not known.
func (l *lifetime) learn(name string, base state.Store) error {
	if l.known {
		return nil
	}
	ms, ok, err := l.format.StreamTime(base)
	if err != nil {
		return fmt.Errorf("store %s: %w", name, err)
	}
	if !ok {
		ms = none
	}
	l.known, l.streamTime, l.marked, l.frozen = true, ms, ms, ms
	return nil
}

// forget makes the next learn read.
func (l *lifetime) forget() {
	l.known = false
	l.streamTime, l.marked, l.frozen = none, none, none
}

// oldest is the time of the oldest row that can be live.
func (l *lifetime) oldest() int64 {
	if l.retentionMs == 0 {
		return math.MinInt64
	}
	streamTime := l.streamTime
	if l.watermark != nil {
		streamTime = *l.watermark
	}
	return l.format.OldestWindow(streamTime, l.retentionMs)
}

// freeze appends the stream time to b, if it has moved since the last freeze.
func (l *lifetime) freeze(b *state.Batch) {
	if l.streamTime != l.frozen {
		l.format.SetStreamTime(b, l.streamTime)
		l.frozen = l.streamTime
	}
}
