package joins

import (
	"math"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
)

// Window says how near each other, by event time, records of two streams have to
// be, and how late they may come. Within and Between make one; its lateness must
// be given, with Grace or Lateness. The zero value is of no use.
type Window struct {
	before, after       time.Duration
	openStart, openEnd  bool
	lateLeft, lateRight time.Duration
	lateness            bool // has been given
}

// Forever, as a bound of Between, leaves a window open on that side.
const Forever time.Duration = math.MaxInt64

// Within is the window of records that are at most d apart, whichever comes
// first.
//
//	           |--- d ---|--- d ---|
//	right  -----r--------:------r--------r---
//	left   --------------l-------------------
func Within(d time.Duration) Window { return Window{before: d, after: d} }

// Between is the window of the right records that are from before earlier to
// after later than the left one, both bounds included. One of them may be
// negative, which leaves out the time of the left record itself:
// Between(-time.Second, time.Minute) is from one second to one minute later. One
// of them may be Forever. What can be matched forever is kept forever, and
// whether it has no match is never known, which Left, Right, Outer and Anti
// refuse for the side they ask it of.
//
//	        |-- before --|---- after ----|
//	right  --r-----------:--r--------r--------r---
//	left   --------------l------------------------
//
// It is JoinWindows of Kafka Streams, and the interval join of Flink.
func Between(before, after time.Duration) Window { return Window{before: before, after: after} }

// ExclusiveStart leaves the lower bound out of the window.
func (w Window) ExclusiveStart() Window {
	w.openStart = true
	return w
}

// ExclusiveEnd leaves the upper bound out of the window.
func (w Window) ExclusiveEnd() Window {
	w.openEnd = true
	return w
}

// Grace is how far, by stream time, records of either stream may be behind: those
// that are farther are late, and never joined. There is no default, since it is
// also how long a record without a match is waited for, beyond the window.
func (w Window) Grace(d time.Duration) Window { return w.Lateness(d, d) }

// Lateness is Grace for each of the streams: a left record without a match is
// waited for no longer than right ones may be late.
func (w Window) Lateness(left, right time.Duration) Window {
	w.lateLeft, w.lateRight, w.lateness = left, right, true
	return w
}

// String says what the window is, for descriptions.
func (w Window) String() string {
	lower, upper := "[", "]"
	if w.openStart {
		lower = "("
	}
	if w.openEnd {
		upper = ")"
	}
	s := "right in " + lower + bound(w.before, "-") + ", " + bound(w.after, "+") + upper
	if w.lateLeft == w.lateRight {
		return s + "; grace " + w.lateLeft.String()
	}
	return s + "; lateness " + w.lateLeft.String() + ", " + w.lateRight.String()
}

// bound is how far a bound is from the left record, as "left-1s" or "left+1s".
func bound(d time.Duration, sign string) string {
	switch {
	case d == Forever:
		return sign + "forever"
	case d < 0 && sign == "-":
		return "left+" + (-d).String()
	case d < 0:
		return "left" + d.String()
	}
	return "left" + sign + d.String()
}

// check notes what is wrong with the window of an operator.
func (w Window) check(b *graph.Builder, n *graph.Node) {
	for _, d := range [...]struct {
		name string
		span time.Duration
	}{{"before", w.before}, {"after", w.after}, {"the lateness of left records", w.lateLeft}, {"the lateness of right records", w.lateRight}} {
		if d.span != Forever && d.span%time.Millisecond != 0 {
			b.Errorf(n.Line, "%s: %s is %s: give whole milliseconds", n.Op, d.name, d.span)
			return
		}
	}
	a := w.arithmetic()
	switch {
	case !w.lateness:
		b.Errorf(n.Line, "%s: say how late records may come: joins.Within(d).Grace(d), or Lateness(left, right)", n.Op)
	case min(w.lateLeft, w.lateRight) < 0 || max(w.lateLeft, w.lateRight) == Forever:
		b.Errorf(n.Line, "%s: records may be late by %s and %s: give 0 or more, and not Forever", n.Op, w.lateLeft, w.lateRight)
	case w.before == Forever && w.after == Forever:
		b.Errorf(n.Line, "%s: a window that is open on both sides joins all records of a key: give one bound", n.Op)
	case a.from > a.to:
		b.Errorf(n.Line, "%s: no time is in the window: %s", n.Op, w)
	}
}

// arithmetic is a Window in milliseconds: records match if that of the right is
// from t+from to t+to, both included, where t is the time of the left one.
type arithmetic struct {
	from, to            int64
	lateLeft, lateRight int64
}

// endless is what Forever is in milliseconds: more than any two times are apart.
const endless = math.MaxInt64 / 4

func (w Window) arithmetic() arithmetic {
	a := arithmetic{-milliseconds(w.before), milliseconds(w.after), w.lateLeft.Milliseconds(), w.lateRight.Milliseconds()}
	if w.openStart {
		a.from++
	}
	if w.openEnd {
		a.to--
	}
	return a
}

func milliseconds(d time.Duration) int64 {
	if d == Forever {
		return endless
	}
	return d.Milliseconds()
}

// leftNeeded is how long, by stream time, left records are needed after their
// own time: as long as a right one may come that matches. At a time later than
// that it is known that none will. It is endless, or more, if one may always
// come.
func (a arithmetic) leftNeeded() int64 { return a.to + a.lateRight }

// rightNeeded is leftNeeded for right records.
func (a arithmetic) rightNeeded() int64 { return -a.from + a.lateLeft }
