package windowing

import (
	"math"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
)

// TimeWindows are windows whose bounds follow from the time of a record alone:
// Tumbling and Hopping make them, and Calendar, Unlimited and Custom. The zero
// value is of no use.
type TimeWindows struct {
	size, advance, grace time.Duration
	scheme               Scheme // in place of size and advance, if there is one
}

// Tumbling are windows of a size that begin where the one before ends: each
// record is in one. They are aligned to 1970-01-01 00:00 UTC.
//
//	0:00        1:00        2:00
//	|-----------|-----------|-----------
//
// By example: internal/corpus/testdata/tumbling-edges.txt.
func Tumbling(size time.Duration) TimeWindows { return TimeWindows{size: size, advance: size} }

// Hopping are windows of a size that begin every advance, from 1970-01-01 00:00
// UTC on: each record is in about size/advance of them. Their rows are sent on
// in the order in which they begin.
//
//	0:00        1:00        2:00
//	|-----------------------|
//	            |-----------------------|
//	                        |-----------------------
//
// By example: internal/corpus/testdata/hopping-edges.txt.
func Hopping(size, advance time.Duration) TimeWindows {
	return TimeWindows{size: size, advance: advance}
}

// Grace is how long after its end, by stream time, a window takes records. What
// comes later is dropped and counted as late. Defaults to 0.
func (w TimeWindows) Grace(d time.Duration) TimeWindows {
	w.grace = d
	return w
}

// String says what the windows are, for descriptions.
func (w TimeWindows) String() string {
	if w.scheme != nil {
		return w.scheme.String() + "; grace " + w.grace.String()
	}
	s := "tumbling " + w.size.String()
	if w.advance != w.size {
		s = "hopping " + w.size.String() + " every " + w.advance.String()
	}
	return s + "; grace " + w.grace.String()
}

// End is when the window ends that begins at startMs, in milliseconds since
// 1970: the first one that is not in it, math.MaxInt64 if it never ends. A
// topic's key has the start only; this is how to read those of windows that
// differ in size:
//
//	topology.KeySerde(state.WindowedSerdeFunc(serde.String, months.End))
func (w TimeWindows) End(startMs int64) int64 {
	if w.scheme != nil {
		return w.scheme.End(startMs)
	}
	return w.arithmetic().end(startMs)
}

// check notes what is wrong with the windows of an operator.
func (w TimeWindows) check(b *graph.Builder, n *graph.Node) {
	size, advance := w.size, w.advance
	if w.scheme != nil {
		size, advance = max(w.scheme.Longest(), time.Millisecond), time.Millisecond
	}
	switch {
	case !whole(b, n, "the size of a window", size, time.Millisecond),
		!whole(b, n, "the advance of windows", advance, time.Millisecond),
		!whole(b, n, "the grace of windows", w.grace, 0):
	case advance > size:
		b.Errorf(n.Line, "%s: windows of %s every %s leave out the time between them: give an advance of at most the size", n.Op, w.size, w.advance)
	case w.grace > math.MaxInt64-size:
		b.Errorf(n.Line, "%s: a window of %s and its grace of %s are too long together", n.Op, size, w.grace)
	}
}

func (w TimeWindows) spans() spans {
	if w.scheme == nil {
		return spans{size: w.size, grace: w.grace, retention: w.size + w.grace}
	}
	longest := w.scheme.Longest()
	if longest <= 0 {
		return spans{grace: w.grace, endless: true}
	}
	return spans{grace: w.grace, retention: longest + w.grace}
}

// arithmetic is TimeWindows in milliseconds.
type arithmetic struct {
	size, advance int64
}

func (w TimeWindows) assigner() assigner {
	if w.scheme != nil {
		return newCustom(w.scheme)
	}
	return w.arithmetic()
}

func (w TimeWindows) arithmetic() arithmetic {
	return arithmetic{w.size.Milliseconds(), w.advance.Milliseconds()}
}

// windows are the n windows that a time is in: they begin at first and then
// every advance. There is none before 1970, as in Kafka Streams: a time shortly
// after has fewer windows than others, and one before has none.
//
//	first      last          t = 25, size 20, advance 10
//	10         20
//	|----------|---:------|
//	           |---:----------------|
func (a arithmetic) windows(t int64) (first, n int64) {
	if t < 0 {
		return 0, 0
	}
	first = max(0, t-a.size+a.advance) / a.advance * a.advance
	return first, t/a.advance - first/a.advance + 1
}

// assign implements assigner.
func (a arithmetic) assign(dst []window, timeMs int64) ([]window, error) {
	start, n := a.windows(timeMs)
	for ; n > 0; start, n = start+a.advance, n-1 {
		dst = append(dst, window{start, a.end(start)})
	}
	return dst, nil
}

// end is that of the window that begins at startMs, math.MaxInt64 if it lies
// behind the highest time there is: that window never closes.
func (a arithmetic) end(startMs int64) int64 {
	if startMs > math.MaxInt64-a.size {
		return math.MaxInt64
	}
	return startMs + a.size
}
