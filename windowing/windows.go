package windowing

import (
	"math"
	"reflect"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
)

// Windows are a kind of windows of event time, such as Tumbling and Hopping.
type Windows interface {
	// String says what the windows are, for descriptions.
	String() string
	// check notes what is wrong with the windows of an operator.
	check(b *graph.Builder, n *graph.Node)
	// spans are the figures of the windows.
	spans() spans
}

// spans are what stores, topics and emission have to know about windows.
type spans struct {
	// size is that of each window; 0 says that they differ.
	size time.Duration
	// grace is how long after its end a window takes records.
	grace time.Duration
	// gap is how long a window goes on by itself after its last record, which is
	// where its end is: that of sessions, else 0.
	gap time.Duration
	// inclusive says that the end is part of the window.
	inclusive bool
	// retention is how long the store keeps a window: from its start on, or from
	// its end if windows are kept by that; 0 is for ever.
	retention time.Duration
	// endless says that the windows never close.
	endless bool
}

// after is the first millisecond behind a window that ends at endMs.
func (s spans) after(endMs int64) int64 {
	if s.inclusive && endMs != endOfTime {
		return endMs + 1
	}
	return endMs
}

// String is what descriptions of a store tell.
func (s spans) String() string {
	size, retention := "", "for ever"
	if s.size > 0 {
		size = "size " + s.size.String() + "; "
	}
	if s.retention > 0 {
		retention = s.retention.String()
	}
	return size + "retention " + retention
}

// longest is the size of the longest window, in milliseconds.
func (s spans) longest() int64 {
	if s.size > 0 {
		return s.size.Milliseconds()
	}
	return (s.retention - s.grace).Milliseconds()
}

// oldestOpen is a time from which on all windows begin that are open.
func (s spans) oldestOpen(streamTime int64) (startMs int64) {
	if s.size == 0 && s.retention == 0 {
		return math.MinInt64 // they never close
	}
	return streamTime - s.closesAfter() - s.longest()
}

// closesAfter is how far the stream time has to be past the end of a window to
// close it, in milliseconds.
func (s spans) closesAfter() int64 { return s.after((s.gap + s.grace).Milliseconds()) }

// whole says whether a span is whole milliseconds, and at least as long as least.
// If not it notes an error.
func whole(b *graph.Builder, n *graph.Node, what string, span, least time.Duration) bool {
	if span < least || span%time.Millisecond != 0 {
		b.Errorf(n.Line, "%s: %s is %s: give whole milliseconds, %s or more", n.Op, what, span, least)
		return false
	}
	return true
}

// given notes an error if there are no windows, and has tumbling ones instead.
func given(b *graph.Builder, n *graph.Node, w Windows) Windows {
	if v := reflect.ValueOf(w); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		b.Errorf(n.Line, "%s: the windows are nil", n.Op)
		return Tumbling(time.Second)
	}
	w.check(b, n)
	return w
}
