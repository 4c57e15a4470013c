package windowing

import (
	"fmt"
	"time"
)

// Scheme is a way to cut time into windows, for Custom: shifts, trading hours,
// quarters of a fiscal year. Its methods are functions of what they are given:
// an answer that changes splits windows. Many goroutines call them.
type Scheme interface {
	// Starts appends to dst when the windows begin that a time is in, in the
	// order of time; a time may be in none. Times are milliseconds since 1970.
	Starts(dst []int64, timeMs int64) []int64
	// End is when the window ends that begins at startMs: the first millisecond
	// that is not in it, math.MaxInt64 if it never ends. Topics and stores have
	// the start of a window only. A window that begins later than another must
	// not end before it.
	End(startMs int64) int64
	// Longest is the size of the longest window, of which stores and changelogs
	// keep as much; 0 if windows never end.
	Longest() time.Duration
	// String says what the windows are, for descriptions.
	String() string
}

// Custom are windows of your own making. Their keys on topics are those of
// TimeWindows, see TimeWindows.End for how to read them.
func Custom(s Scheme) TimeWindows { return TimeWindows{scheme: s} }

// custom is the assigner of a Scheme in one task.
type custom struct {
	scheme  Scheme
	longest int64   // 0 is for ever
	starts  []int64 // scratch
	// tiles says that windows lie side by side, so that the last one is asked
	// first.
	tiles bool
	last  window
}

func newCustom(s Scheme) *custom {
	_, tiles := s.(calendar)
	return &custom{scheme: s, longest: s.Longest().Milliseconds(), tiles: tiles}
}

// assign implements assigner. What breaks the contract of Scheme would lose
// records later on, in the store.
func (a *custom) assign(dst []window, timeMs int64) ([]window, error) {
	if max(0, a.last.start) <= timeMs && timeMs < a.last.end {
		return append(dst, a.last), nil
	}
	a.starts = a.scheme.Starts(a.starts[:0], timeMs)
	for i, start := range a.starts {
		w := window{start, a.scheme.End(start)}
		switch {
		case timeMs < start || timeMs >= w.end && w.end != endOfTime:
			return nil, fmt.Errorf("windows %s: time %d is not in the window [%d,%d) that Starts and End give for it", a.scheme, timeMs, w.start, w.end)
		case a.longest > 0 && uint64(w.end)-uint64(start) > uint64(a.longest):
			return nil, fmt.Errorf("windows %s: the window [%d,%d) is longer than Longest, %d ms", a.scheme, w.start, w.end, a.longest)
		case i > 0 && (start <= dst[len(dst)-1].start || w.end < dst[len(dst)-1].end):
			return nil, fmt.Errorf("windows %s: of time %d, the window [%d,%d) is not in the order of time", a.scheme, timeMs, w.start, w.end)
		}
		dst = append(dst, w)
		if a.tiles {
			a.last = w
		}
	}
	return dst, nil
}
