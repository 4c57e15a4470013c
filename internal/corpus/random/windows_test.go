package random

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/millrace-io/millrace/windowing"
)

// windows are those of an aggregation, in milliseconds.
type windows struct {
	by            windowKind
	size, advance int64 // size is the gap of sessions; advance is of hopping ones only
	grace         int64
}

type windowKind string

const (
	tumbling   windowKind = "tumbling"
	hopping    windowKind = "hopping"
	sliding    windowKind = "sliding"
	sessions   windowKind = "sessions"
	sessionsBy windowKind = "sessions by value"
)

// endless is a grace within which all calm times are, and the idle time of a
// trial as well.
const endless = 10_000_000

func (w *windows) String() string {
	return fmt.Sprintf("%s size=%d advance=%d grace=%d", w.by, w.size, w.advance, w.grace)
}

// windowsOf are the windows for values of V.
func windowsOf[V thing](w *windows) windowing.Windows {
	ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	switch w.by {
	case tumbling:
		return windowing.Tumbling(ms(w.size)).Grace(ms(w.grace))
	case hopping:
		return windowing.Hopping(ms(w.size), ms(w.advance)).Grace(ms(w.grace))
	case sliding:
		return windowing.Sliding(ms(w.size)).Grace(ms(w.grace))
	case sessions:
		return windowing.Sessions(ms(w.size)).Grace(ms(w.grace))
	}
	return windowing.SessionsBy(func(v V) time.Duration { return ms(w.gapOf(v)) }, ms(w.size)).Grace(ms(w.grace))
}

// gapOf is the gap that a value brings along.
func (w *windows) gapOf(value any) int64 {
	if value == nil {
		return 0
	}
	return mod(asNumber(value), w.size+1)
}

// starts are those of the windows that a time is in, in order.
func (w *windows) starts(time int64) (list []int64) {
	advance := w.advance
	if w.by == tumbling {
		advance = w.size
	}
	for start := max(0, time-w.size) / advance * advance; start <= time; start += advance {
		if time < start+w.size {
			list = append(list, start)
		}
	}
	return list
}

// overAt is the stream time at which a window is over that takes no late ones:
// its end is part of it, unless the clock alone has made it.
func (w *windows) overAt(end int64) int64 {
	switch w.by {
	case sliding, sessionsBy:
		return end + 1
	case sessions:
		return end + w.size + 1
	}
	return end
}

// closedAt is the stream time from which on a window takes nothing.
func (w *windows) closedAt(end int64) int64 { return w.overAt(end) + w.grace }

// emission is when the rows of windows are sent on.
type emission string

const (
	everyUpdate emission = ""
	onClose     emission = "on close"
	thenLate    emission = "on close, then late"
)

// sentAt is the stream time at which a row is first sent on.
func (s *step) sentAt(end int64) int64 {
	if s.emits == thenLate {
		return s.windows.overAt(end)
	}
	return s.windows.closedAt(end)
}

// span is the key of a row: a key in a window.
type span struct {
	key        any
	start, end int64
}

// String is the span as a key of text.
func (at span) String() string { return fmt.Sprintf("%s@%d-%d", shown(at.key), at.start, at.end) }

// encoded is the span as topics have it.
func (at span) encoded(sessions bool) []byte {
	b := bytes.Clone(encode(at.key))
	if sessions {
		b = binary.BigEndian.AppendUint64(b, uint64(at.end))
	}
	return binary.BigEndian.AppendUint64(b, uint64(at.start))
}

// lateText shows what is known of a record that was late.
func lateText(value any, by, start, end, now int64) string {
	return fmt.Sprintf("%s by %d for %d-%d at %d", short(value), by, start, end, now)
}
