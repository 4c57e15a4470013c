package windowing

import (
	"math"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
)

// SessionWindows are windows that records make and stretch: Sessions or
// SessionsBy makes them. The zero value is of no use.
type SessionWindows struct {
	gap, grace time.Duration
	by         any // a func(V) time.Duration, with gap as the longest; nil for the same gap always
	takes      string
}

// Sessions are windows of activity of a key: records that are at most gap apart
// are in one, which lasts from the first to the last of them, both included.
//
//	gap 10m     0:00     0:10      0:20      0:30
//	records     | a  a a  |        | a        a
//	sessions      [----]             [--------]
//	late                    a
//	session       [-------------------------]
//
// A record that comes out of order may stretch a session back in time or make
// one of several. Their rows go, each with an update that deletes it, before
// the row of the session that takes their place is sent on: the updates and
// their order are those of Kafka Streams. Rows have the event time of the
// session's end.
//
// A session is closed once the stream time is past its end by the gap and the
// grace. A record is late if the session that it would be part of, after all
// merging, is closed. In the last millisecond before that a session grows no
// more: a record that would be part of it makes one of its own.
//
// By example: internal/corpus/testdata/sessions.txt.
//
// By example: internal/corpus/testdata/sessions-edges.txt.
//
// By example: internal/corpus/testdata/sessions-final.txt.
func Sessions(gap time.Duration) SessionWindows { return SessionWindows{gap: gap} }

// SessionsBy are sessions with a gap that each record brings along, such as one
// for each kind of activity: fn is called with its value, and gaps are cut to
// whole milliseconds from 0 to longest. A record stretches its session to its
// time plus its gap, which is where the session ends: the latest of these. A
// record joins a session whose end it does not come after, or that begins before
// its own gap has passed; so sessions merge when either's gap reaches the other,
// in whatever order their records come.
//
//	records      a(10m)        a(1m)
//	sessions     [----------------]
//	records      b(1m)         b(10m)
//	sessions     [-]           [----------------]
//
// The End of a row's key is in the future of its records, then, and the event
// time of the row that of the last of them. A session is closed once the stream
// time is past its end by the grace. A record with a null value, which only Count
// takes, has no gap. An operator whose values are not of fn's type is an error at
// build.
//
// By example: internal/corpus/testdata/sessions-by.txt.
func SessionsBy[V any](fn func(value V) time.Duration, longest time.Duration) SessionWindows {
	w := SessionWindows{gap: longest, takes: graph.TypeName[V]()}
	if fn != nil {
		w.by = fn
	}
	return w
}

// Grace is how much longer, by stream time, a session takes records. What comes
// later is dropped and counted as late. Defaults to 0.
func (w SessionWindows) Grace(d time.Duration) SessionWindows {
	w.grace = d
	return w
}

// String says what the windows are, for descriptions.
func (w SessionWindows) String() string {
	s := "sessions, gap " + w.gap.String()
	if w.takes != "" {
		s = "sessions, gap by value up to " + w.gap.String()
	}
	return s + "; grace " + w.grace.String()
}

func (w SessionWindows) check(b *graph.Builder, n *graph.Node) {
	switch {
	case !whole(b, n, "the gap of sessions", w.gap, time.Millisecond), !whole(b, n, "the grace of windows", w.grace, 0):
	case w.takes != "" && w.by == nil:
		b.Errorf(n.Line, "%s: the function of SessionsBy is nil", n.Op)
	case w.grace > math.MaxInt64-w.gap-time.Millisecond:
		b.Errorf(n.Line, "%s: a gap of %s and a grace of %s are too long together", n.Op, w.gap, w.grace)
	}
}

// spans are the figures. A store keeps a session from its end on until it is
// closed. That is a millisecond longer than in Kafka Streams, where one that
// closes with the next millisecond is found by no search any more (getActualFrom
// in AbstractRocksDBSegmentedBytesStore): a record that comes for it begins anew.
// With a gap of 5 ms and a grace of 10, [10,10] grows while the stream time of
// the store, which is the end of its last session, is 24 or less; a record at 10
// is late once that of the operator is 26 or more.
func (w SessionWindows) spans() spans {
	s := spans{grace: w.grace, inclusive: true, retention: w.gap + w.grace + time.Millisecond}
	if w.by == nil {
		s.gap = w.gap
	}
	return s
}
