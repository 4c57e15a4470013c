package windowing

import (
	"fmt"
	"strings"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
)

// Until says for how long Suppress holds back the updates of a row: UntilClose
// or UntilLimit makes one. The zero value is of no use.
type Until struct {
	close   bool
	limit   time.Duration
	bounded bool // by one of the following; 0 is no bound
	records int
	bytes   int64
	fail    bool
}

// UntilClose holds back all updates of a row until its window has closed: there
// is one, with the final result, or none if the row was deleted.
func UntilClose() Until { return Until{close: true, fail: true} }

// UntilLimit holds back the updates of a row for d of stream time from the first
// one on, and lets the last one of them pass.
func UntilLimit(d time.Duration) Until { return Until{limit: d} }

// MaxRecords bounds how many rows are held back. What happens to one more is
// said by OrFail. Defaults to no bound.
func (u Until) MaxRecords(n int) Until {
	u.bounded, u.records = true, n
	return u
}

// MaxBytes bounds the size of what is held back: of keys, and of values as they
// are in the changelog. What happens beyond is said by OrFail. Defaults to no
// bound.
func (u Until) MaxBytes(n int64) Until {
	u.bounded, u.bytes = true, n
	return u
}

// OrFail says that a record that does not fit under MaxRecords or MaxBytes fails,
// which ends the application unless its policy for the class Process is another.
// Defaults to letting pass the oldest rows early; with UntilClose, whose rows
// must be final, to failing.
func (u Until) OrFail() Until {
	u.fail = true
	return u
}

// String says what is held back, for descriptions.
func (u Until) String() string {
	var b strings.Builder
	if u.close {
		b.WriteString("until the window closes")
	} else {
		b.WriteString("until " + u.limit.String() + " have passed")
	}
	if u.records > 0 {
		fmt.Fprintf(&b, "; at most %d records", u.records)
	}
	if u.bytes > 0 {
		fmt.Fprintf(&b, "; at most %d bytes", u.bytes)
	}
	switch {
	case !u.bounded:
	case u.fail:
		b.WriteString("; fails beyond")
	default:
		b.WriteString("; the oldest pass beyond")
	}
	return b.String()
}

// check notes what is wrong with u.
func (u Until) check(b *graph.Builder, n *graph.Node) {
	switch {
	case !u.close && (u.limit < time.Millisecond || u.limit%time.Millisecond != 0):
		b.Errorf(n.Line, "suppress: a limit of %s: give UntilClose, or UntilLimit with whole milliseconds, 1ms or more", u.limit)
	case u.bounded && u.records <= 0 && u.bytes <= 0 || u.records < 0 || u.bytes < 0:
		b.Errorf(n.Line, "suppress: the bounds are %d records and %d bytes: give numbers above 0", u.records, u.bytes)
	case u.fail && !u.close && !u.bounded:
		b.Errorf(n.Line, "suppress: OrFail without a bound: give MaxRecords or MaxBytes too")
	}
}
