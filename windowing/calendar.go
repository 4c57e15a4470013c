package windowing

import (
	"math"
	"time"
)

// Calendar makes windows of days, weeks, months and years as the clocks of a
// place have them: where they are put forward or back, a day has 23 or 25
// hours.
//
//	windowing.Calendar{In: berlin}.Months().Grace(time.Hour)
//
//	March 27            28 (23 hours)     29                  Europe/Berlin
//	|-------------------|-----------------|-------------------|
//
// A window begins at the first moment at which clocks show its first midnight,
// or a later time where that is skipped, and ends where the next one begins. As
// with other windows, times before 1970 are in none. What the zone's rules are
// comes from the time zone database of the machine; instances that disagree on
// them disagree on windows.
//
// By example: internal/corpus/testdata/months.txt.
type Calendar struct {
	// In is the place. Defaults to UTC.
	In *time.Location
}

// Days are windows from midnight to midnight.
func (c Calendar) Days() TimeWindows { return Custom(calendar{unit: day, in: c.In}) }

// Weeks are windows of seven days that begin with a day of the week.
func (c Calendar) Weeks(first time.Weekday) TimeWindows {
	return Custom(calendar{unit: week, first: first, in: c.In})
}

// Months are windows from the first day of a month to that of the next one.
func (c Calendar) Months() TimeWindows { return Custom(calendar{unit: month, in: c.In}) }

// Years are windows from January 1 to January 1.
func (c Calendar) Years() TimeWindows { return Custom(calendar{unit: year, in: c.In}) }

type unit uint8

const (
	day unit = iota
	week
	month
	year
)

// calendar is a Scheme.
type calendar struct {
	unit  unit
	first time.Weekday // of a week
	in    *time.Location
}

func (c calendar) location() *time.Location {
	if c.in == nil {
		return time.UTC
	}
	return c.in
}

// String is the unit and the place.
func (c calendar) String() string {
	name := [...]string{"days", "weeks from " + c.first.String(), "months", "years"}[c.unit]
	return name + " in " + c.location().String()
}

// Longest has a day more than the unit: for clocks that are put back, and for
// places that cross the date line.
func (c calendar) Longest() time.Duration {
	const hours24 = 24 * time.Hour
	return [...]time.Duration{2, 8, 32, 367}[c.unit] * hours24
}

// Starts appends the start of the one window that a time is in.
func (c calendar) Starts(dst []int64, timeMs int64) []int64 {
	if timeMs < 0 {
		return dst
	}
	w := c.window(timeMs)
	return append(dst, w.start)
}

// End is the end of the window that a time is in, which may be its start.
func (c calendar) End(startMs int64) int64 { return c.window(startMs).end }

// window is the window that a time is in. Clocks that are put back over
// midnight show the day before once more: that is part of the new day.
func (c calendar) window(timeMs int64) (w window) {
	loc := c.location()
	first := c.floor(civil(time.UnixMilli(timeMs).In(loc)))
	w.start = midnight(first, loc)
	for {
		first = c.next(first)
		if w.end = midnight(first, loc); w.end > timeMs || w.end == endOfTime {
			return w
		}
		w.start = w.end
	}
}

// civil is the day that a clock shows, as a time of UTC.
func civil(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// floor is the first day of the unit that a day is in.
func (c calendar) floor(t time.Time) time.Time {
	y, m, d := t.Date()
	switch c.unit {
	case week:
		d -= (int(t.Weekday()-c.first) + 7) % 7
	case month:
		d = 1
	case year:
		m, d = time.January, 1
	}
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// next is the first day of the next unit.
func (c calendar) next(t time.Time) time.Time {
	switch c.unit {
	case week:
		return t.AddDate(0, 0, 7)
	case month:
		return t.AddDate(0, 1, 0)
	case year:
		return t.AddDate(1, 0, 0)
	}
	return t.AddDate(0, 0, 1)
}

// midnight is the first moment, in milliseconds, at which clocks of a place
// show the midnight that t is in UTC, or a later time. It looks at the spans
// between changes of the clocks, from one on in which midnight is still to
// come: no place is as much as a day ahead of UTC.
//
//	22:30       23:30       01:30    clocks, put forward by 1 hour at midnight
//	------------------------|------
//	                        ^ the first moment
func midnight(t time.Time, loc *time.Location) int64 {
	for at := t.Add(-24 * time.Hour).In(loc); ; {
		_, offset := at.Zone()
		from, to := at.ZoneBounds()
		first := t.Add(-time.Duration(offset) * time.Second)
		if first.Before(from) {
			first = from
		}
		if !to.IsZero() && !to.After(at) { // package time, on the last day of a leap year from 2038 on
			to = at.Add(24 * time.Hour)
		}
		if to.IsZero() || first.Before(to) {
			return milliseconds(first)
		}
		at = to
	}
}

// milliseconds is t, or the highest time there is.
func milliseconds(t time.Time) int64 {
	if t.Unix() >= math.MaxInt64/1000 {
		return endOfTime
	}
	return t.UnixMilli()
}
