package windowing

import (
	"fmt"
	"math"
	"testing"
	"time"
	_ "time/tzdata" // not all machines have it

	"pgregory.net/rapid"
)

// zones are those with the oddest clocks: put forward and back at midnight, one
// minute after it, by half an hour, by two, and by a whole day over the date
// line.
var zones = []string{
	"UTC", "Europe/Berlin", "America/Los_Angeles", "America/Sao_Paulo", "America/Havana", "America/St_Johns", "America/Scoresbysund",
	"Pacific/Apia", "Pacific/Kwajalein", "Pacific/Kiritimati", "Asia/Kathmandu", "Asia/Beirut", "Asia/Gaza", "Asia/Tehran",
	"Africa/Cairo", "Antarctica/Troll", "Antarctica/Casey", "Australia/Lord_Howe",
}

func load(t interface{ Fatal(...any) }, zone string) *time.Location {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// changes are the moments from 1970 to 2040 at which clocks are changed.
func changes(loc *time.Location) (all []time.Time) {
	at := time.Unix(0, 0).In(loc)
	for at.Year() < 2040 {
		_, to := at.ZoneBounds()
		if to.IsZero() {
			break
		}
		all, at = append(all, to), to
	}
	return all
}

// Days begin where clocks show a date for the first time that is later than all
// they have shown. That is looked for minute by minute around each change.
func TestDaysBeginAtTheFirstMidnight(t *testing.T) {
	for _, zone := range zones {
		loc := load(t, zone)
		days := calendar{unit: day, in: loc}
		for _, change := range changes(loc) {
			from := change.Add(-26 * time.Hour).Truncate(time.Minute)
			latest, began := civil(from), int64(-1)
			var before window
			for at := from; at.Before(change.Add(26 * time.Hour)); at = at.Add(time.Minute) {
				ms := at.UnixMilli()
				shown := civil(at)
				if shown.After(latest) {
					latest, began = shown, ms
				} else if at.Minute()%20 != 0 {
					continue // windows are looked at where a day begins, and now and then
				}
				if ms < 0 {
					continue
				}
				w := days.window(ms)
				if w.start > ms || w.end <= ms || before.end != 0 && w != before && w.start != before.end {
					t.Fatalf("%s: %v is in %v, behind %v", zone, at, w, before)
				}
				if began >= 0 && w.start != began {
					t.Fatalf("%s: %v is in %v, but the day began at %d", zone, at, w, began)
				}
				before = w
			}
		}
	}
}

// naiveUnit is the window of a time: all days around it that are of its unit.
func naiveUnit(c calendar, timeMs int64) window {
	days := calendar{unit: day, in: c.in}
	w := days.window(timeMs)
	name := func(ms int64) string {
		d := civil(time.UnixMilli(ms).In(c.in))
		switch c.unit {
		case week:
			for d.Weekday() != c.first {
				d = d.AddDate(0, 0, -1)
			}
			return d.Format(time.DateOnly)
		case month:
			return d.Format("2006-01")
		case year:
			return d.Format("2006")
		}
		return d.Format(time.DateOnly)
	}
	of := name(w.start)
	for {
		d := days.window(w.start - 1)
		if name(d.start) != of {
			break
		}
		w.start = d.start
	}
	for name(w.end) == of {
		w.end = days.window(w.end).end
	}
	return w
}

func TestUnitsAreAllTheirDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := calendar{
			unit: rapid.SampledFrom([]unit{day, week, month, year}).Draw(t, "unit"), first: time.Weekday(rapid.IntRange(0, 6).Draw(t, "first")),
			in: load(t, rapid.SampledFrom(zones).Draw(t, "zone")),
		}
		at := rapid.Int64Range(0, time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()).Draw(t, "time")
		if near := changes(c.in); len(near) > 0 && rapid.Bool().Draw(t, "near a change") {
			at = max(0, rapid.SampledFrom(near).Draw(t, "change").UnixMilli()+rapid.Int64Range(-90_000_000, 90_000_000).Draw(t, "off"))
		}
		want := naiveUnit(c, at)
		if got := c.window(at); got != want {
			t.Fatalf("%s: %d is in %v, want %v", c, at, got, want)
		}
		if starts := c.Starts(nil, at); len(starts) != 1 || starts[0] != want.start || c.End(want.start) != want.end {
			t.Fatalf("%s: %d: %v to %d, want %v", c, at, starts, c.End(want.start), want)
		}
		if want.end-want.start > c.Longest().Milliseconds() {
			t.Fatalf("%s: %v is longer than %s", c, want, c.Longest())
		}
	})
}

func TestCalendarsByExample(t *testing.T) {
	for _, c := range []struct {
		of             TimeWindows
		at, start, end string
	}{
		{Calendar{}.Days(), "2024-02-29T23:59:59Z", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"},
		{Calendar{In: load(t, "Europe/Berlin")}.Days(), "2021-03-28T12:00:00Z", "2021-03-27T23:00:00Z", "2021-03-28T22:00:00Z"},        // 23 hours
		{Calendar{In: load(t, "Europe/Berlin")}.Days(), "2021-10-31T12:00:00Z", "2021-10-30T22:00:00Z", "2021-10-31T23:00:00Z"},        // 25
		{Calendar{In: load(t, "America/Sao_Paulo")}.Days(), "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"},    // begins at 1:00
		{Calendar{In: load(t, "America/Havana")}.Days(), "2021-11-07T12:00:00Z", "2021-11-07T04:00:00Z", "2021-11-08T05:00:00Z"},       // 0:00 to 1:00 twice
		{Calendar{In: load(t, "America/St_Johns")}.Days(), "2010-11-07T03:00:00Z", "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z"},     // 23:30 again
		{Calendar{In: load(t, "Pacific/Apia")}.Days(), "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"},         // the last one before the 31st
		{Calendar{In: load(t, "Pacific/Apia")}.Months(), "2011-12-30T10:00:00Z", "2011-12-01T10:00:00Z", "2011-12-31T10:00:00Z"},       // 30 days
		{Calendar{In: load(t, "Europe/Berlin")}.Months(), "2021-03-31T22:00:00Z", "2021-03-31T22:00:00Z", "2021-04-30T22:00:00Z"},      // the first moment of April
		{Calendar{In: load(t, "Europe/Berlin")}.Months(), "2021-03-31T21:59:59Z", "2021-02-28T23:00:00Z", "2021-03-31T22:00:00Z"},      // the last one of March
		{Calendar{}.Weeks(time.Monday), "2024-03-03T23:00:00Z", "2024-02-26T00:00:00Z", "2024-03-04T00:00:00Z"},                        // a Sunday
		{Calendar{}.Weeks(time.Sunday), "2024-03-03T00:00:00Z", "2024-03-03T00:00:00Z", "2024-03-10T00:00:00Z"},                        // the same
		{Calendar{In: load(t, "Asia/Tokyo")}.Years(), "1970-01-01T00:00:00Z", "1969-12-31T15:00:00Z", "1970-12-31T15:00:00Z"},          // begins before 1970
		{Calendar{In: load(t, "America/Los_Angeles")}.Years(), "1970-01-01T00:00:00Z", "1969-01-01T08:00:00Z", "1970-01-01T08:00:00Z"}, // likewise
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		got, err := newCustom(c.of.scheme).assign(nil, at.UnixMilli())
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %v, %v", c.at, got, err)
		}
		show := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
		if start, end := show(got[0].start), show(got[0].end); start != c.start || end != c.end {
			t.Errorf("%s, %s: %s to %s, want %s to %s", c.of.scheme, c.at, start, end, c.start, c.end)
		}
	}
}

// Whatever the time, it is in its window, and nothing panics or goes on for ever.
func TestCalendarsOfAnyTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := calendar{unit: unit(rapid.IntRange(0, 3).Draw(t, "unit")), in: load(t, rapid.SampledFrom(zones).Draw(t, "zone"))}
		at := rapid.OneOf(rapid.Int64(), rapid.Int64Range(math.MaxInt64-1e12, math.MaxInt64), rapid.Int64Range(-1e12, 1e12)).Draw(t, "time")
		got, err := newCustom(c).assign(nil, at)
		switch {
		case err != nil:
			t.Fatal(err)
		case at < 0 != (len(got) == 0):
			t.Fatalf("%d is in %v", at, got)
		case len(got) == 1 && (got[0].start > at || got[0].end <= at && got[0].end != endOfTime):
			t.Fatalf("%d is in %v", at, got)
		}
	})
}

// The last window is remembered: a time next to its bounds must not be taken in.
func TestRememberedWindowsChangeNothing(t *testing.T) {
	c := calendar{unit: day, in: load(t, "Europe/Berlin")}
	a := newCustom(c)
	for _, at := range []int64{5, 0, 82_800_000, 82_799_999, 1_616_889_600_000, 1_616_882_399_999, 1_616_882_400_000, 5, -1} {
		got, err := a.assign(nil, at)
		want, _ := newCustom(c).assign(nil, at)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%d: %v, %v, want %v", at, got, err, want)
		}
	}
}
