package windowing

import (
	"math"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
)

// SlidingWindows are windows that records make, of one size: Sliding makes them.
// The zero value is of no use.
type SlidingWindows struct {
	difference, grace time.Duration
}

// Sliding are windows that hold records which are at most difference apart: one
// for each set of records of a key that lie so near to each other. A window is
// as long as difference, and both its ends are part of it. It ends with one
// record, or begins right behind one, so that there are at most two for each
// record, however fine time is:
//
//	difference 10   10        20        30
//	records                   a     b
//	window          [---------]               ends with a: a
//	                      [---------]         ends with b: a, b
//	                           [---------]    begins behind a: b
//
// A record changes the rows of all windows that it is in, and makes those that
// it ends or that it splits off from others. They are sent on as Kafka Streams
// does, whose algorithm this is: rows that have changed from the latest to the
// earliest, then the window behind the record before, the one that ends with the
// record, and the one that begins behind it. Windows that would begin before 1970
// are one from 1970 on.
//
// Records with a null key or value are dropped. A record is late for those of
// its windows whose end is before the stream time less the grace.
//
// By example: internal/corpus/testdata/sliding.txt.
//
// By example: internal/corpus/testdata/sliding-edges.txt.
func Sliding(difference time.Duration) SlidingWindows { return SlidingWindows{difference: difference} }

// Grace is how long after its end, by stream time, a window takes records. What
// comes later is dropped and counted as late. Defaults to 0.
func (w SlidingWindows) Grace(d time.Duration) SlidingWindows {
	w.grace = d
	return w
}

// String says what the windows are, for descriptions.
func (w SlidingWindows) String() string {
	return "sliding " + w.difference.String() + "; grace " + w.grace.String()
}

// End is when the window ends that begins at startMs, which is its last
// millisecond, since 1970.
func (w SlidingWindows) End(startMs int64) int64 {
	if ms := w.difference.Milliseconds(); startMs <= endOfTime-ms {
		return startMs + ms
	}
	return endOfTime
}

func (w SlidingWindows) check(b *graph.Builder, n *graph.Node) {
	switch {
	case !whole(b, n, "the difference of sliding windows", w.difference, time.Millisecond), !whole(b, n, "the grace of windows", w.grace, 0):
	case w.difference > math.MaxInt64/2 || w.grace > math.MaxInt64-2*w.difference:
		b.Errorf(n.Line, "%s: windows of %s and their grace of %s are too long together", n.Op, w.difference, w.grace)
	}
}

// spans has a retention in which the windows are that a new one is made of, as
// in Kafka Streams.
func (w SlidingWindows) spans() spans {
	return spans{size: w.difference, grace: w.grace, inclusive: true, retention: 2*w.difference + w.grace}
}
