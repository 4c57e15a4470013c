package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/streamstest"
)

// start is the wall clock at the beginning, on a full minute.
var start = time.Date(2024, time.January, 1, 10, 0, 0, 0, time.UTC)

// rig is the pipeline on a driver, reporting once a minute.
type rig struct {
	*streamstest.Driver
	events  *streamstest.Input[string, string]
	reports *streamstest.Output[string, string]
	dead    *streamstest.Output[string, string]
}

func newRig(t *testing.T, send Send) *rig {
	d := streamstest.New(t, pipeline(time.Minute, send), streamstest.Config{Start: start, Errors: policies()})
	return &rig{
		d, streamstest.In[string, string](d, "events"),
		streamstest.Out[string, string](d, "output_topic"), streamstest.Out[string, string](d, "dead_letter"),
	}
}

// take is a service that takes all reports.
func take(_ context.Context, r Report) (Report, error) { return r, nil }

// event is a click of ann's, some time after the start.
func event(id string, after time.Duration) string {
	return fmt.Sprintf(`{"event_id":%q,"timestamp":%q,"user_id":"ann","event_type":"click","data":{"n":%q}}`,
		id, start.Add(after).Format(time.RFC3339), id)
}

// report is what is written of ann's clicks with the given ids, in the window
// that begins some minutes after the start.
func report(minutes int, ids ...string) string {
	var data []string
	for _, id := range ids {
		data = append(data, fmt.Sprintf(`{"n":%q}`, id))
	}
	from := start.Add(time.Duration(minutes) * time.Minute)
	return fmt.Sprintf(`{"event_type":"click","user_id":"ann","window_start":%q,"window_end":%q,"count":%d,"data":[%s]}`,
		from.Format(time.RFC3339), from.Add(5*time.Minute).Format(time.RFC3339), len(ids), strings.Join(data, ","))
}

// each is the reports of the five windows that have a minute in them, all with
// the given ids.
func each(minute int, ids ...string) (reports []string) {
	for from := minute - 4; from <= minute; from++ {
		reports = append(reports, report(from, ids...))
	}
	return reports
}

// want compares the reports since the last call.
func (r *rig) want(t *testing.T, what string, reports ...string) {
	t.Helper()
	var got []string
	for _, rec := range r.reports.Rest() {
		if key, _, _ := strings.Cut(rec.Value, `,"count"`); rec.Key != key+"}" {
			t.Errorf("%s: the key is %s, want %s}", what, rec.Key, key)
		}
		got = append(got, rec.Value)
	}
	if fmt.Sprint(got) != fmt.Sprint(reports) {
		t.Errorf("%s: reports\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(reports, "\n"))
	}
}

// buried is the next dead letter, and what its headers say of why and where.
func (r *rig) buried(t *testing.T) (value, why string) {
	t.Helper()
	rec := r.dead.Read()
	header := func(name string) string {
		for _, h := range rec.Headers {
			if h.Key == "millrace.error."+name {
				return string(h.Value)
			}
		}
		t.Errorf("a dead letter has no header millrace.error.%s", name)
		return ""
	}
	if header("version") != "1" || header("message") == "" {
		t.Errorf("headers are %v", rec.Headers)
	}
	return rec.Value, fmt.Sprintf("%s: %s[%s]@%s, attempt %s", header("class"), header("topic"), header("partition"), header("offset"), header("attempts"))
}

func TestReportsComeOnceAMinute(t *testing.T) {
	r := newRig(t, take)
	r.events.Pipe("", event("a", 0))
	r.events.Pipe("", event("b", time.Second))
	r.Advance(59 * time.Second)
	r.want(t, "before the minute is over")
	r.Advance(time.Second)
	r.want(t, "after a minute", each(0, "a", "b")...)
	r.Advance(time.Minute)
	r.want(t, "after a minute without events")
	r.events.Pipe("", event("c", 2*time.Second))
	r.Advance(time.Minute)
	r.want(t, "after another one", each(0, "a", "b", "c")...)
}

// Of windows that have changed only in part, those are reported; what is late
// for some of its windows counts in the others. The windows close 15 minutes
// after their start.
func TestWindowsOfFiveMinutesBeginEachMinute(t *testing.T) {
	r := newRig(t, take)
	r.events.Pipe("", event("a", 0))
	r.events.Pipe("", event("b", 59*time.Second))
	r.events.Pipe("", event("c", 3*time.Minute))
	r.Advance(time.Minute)
	r.want(t, "of two and one later", report(-4, "a", "b"), report(-3, "a", "b"), report(-2, "a", "b"),
		report(-1, "a", "b", "c"), report(0, "a", "b", "c"), report(1, "c"), report(2, "c"), report(3, "c"))
	r.events.Pipe("", event("d", 13*time.Minute)) // closes those up to -2
	r.events.Pipe("", event("e", time.Minute))
	r.Advance(time.Minute)
	r.want(t, "of one that is late for some", slices.Concat(
		[]string{report(-1, "a", "b", "c", "e"), report(0, "a", "b", "c", "e"), report(1, "c", "e")}, each(13, "d"))...)
	r.events.Pipe("", event("f", 20*time.Minute)) // closes those up to 5
	r.events.Pipe("", event("g", 5*time.Minute+59*time.Second))
	r.Advance(time.Minute)
	r.want(t, "of one that is late for all", each(20, "f")...)
	if late := r.Dropped("stats", "late"); late != 2+5 {
		t.Errorf("%d were late", late)
	}
}

func TestAnEventCountsOnceADay(t *testing.T) {
	r := newRig(t, take)
	r.events.Pipe("", event("a", 0))
	r.events.Pipe("", event("a", 0))
	r.Restart() // the ids come back from the changelog
	r.events.Pipe("", event("a", time.Hour))
	r.events.Pipe("", event("b", 24*time.Hour-time.Second))
	r.events.Pipe("", event("a", 24*time.Hour-time.Second))
	r.Advance(time.Minute)
	r.want(t, "within a day", append(each(0, "a"), each(24*60-1, "b")...)...)
	r.events.Pipe("", event("a", 24*time.Hour))
	r.Advance(time.Minute)
	r.want(t, "a day later", report(24*60-4, "b", "a"), report(24*60-3, "b", "a"), report(24*60-2, "b", "a"),
		report(24*60-1, "b", "a"), report(24*60, "a"))
}

func TestWhatIsNoEventIsSetAside(t *testing.T) {
	r := newRig(t, take)
	r.events.Pipe("", event("a", 0))
	corrupt := []struct{ value, why string }{
		{"", "decode: events[0]@1, attempt 1"},
		{"no JSON", "decode: events[0]@2, attempt 1"},
		{`{"event_id":"x","user_id":"ann","event_type":"click","data":{}}`, "decode: events[0]@3, attempt 1"}, // no time
		{strings.Replace(event("x", 0), `{"n":"x"}`, "7", 1), "decode: events[0]@4, attempt 1"},
		{strings.Replace(event("x", 0), "event_id", "id", 1), "process: events[0]@5, attempt 1"},
	}
	for _, c := range corrupt {
		r.events.Pipe("", c.value)
	}
	r.events.PipeNull("")
	r.events.Pipe("", event("b", 0))
	for _, c := range corrupt {
		if value, why := r.buried(t); value != c.value || why != c.why {
			t.Errorf("dead letter %q, %s, want %q, %s", value, why, c.value, c.why)
		}
	}
	if rec := r.dead.Read(); rec.HasValue {
		t.Errorf("the null became %v", rec)
	}
	r.Advance(time.Minute)
	r.want(t, "of what is left", each(0, "a", "b")...)
}

// last is the end of the last window that has the start.
var last = start.Add(5 * time.Minute).Format(time.RFC3339)

// failing is a service that fails the given number of times for that window, and
// how often it was called for it.
func failing(times int) (Send, *int) {
	calls := new(int)
	return func(_ context.Context, r Report) (Report, error) {
		if r.End != last {
			return r, nil
		}
		if *calls++; *calls <= times {
			return r, errors.New("service unavailable")
		}
		return r, nil
	}, calls
}

func TestACallIsRetriedThreeTimes(t *testing.T) {
	send, calls := failing(3)
	r := newRig(t, send)
	r.events.Pipe("", event("a", 0))
	r.Advance(time.Minute + 699*time.Millisecond) // 100, 200 and 400 ms lie between
	r.want(t, "before the last one", each(0, "a")[:4]...)
	r.Advance(time.Millisecond)
	r.want(t, "with the last one", report(0, "a"))
	if *calls != 4 || r.dead.Len() > 0 {
		t.Errorf("%d calls, %d dead letters", *calls, r.dead.Len())
	}
}

func TestAReportThatTheServiceNeverTakesIsSetAside(t *testing.T) {
	send, calls := failing(4)
	r := newRig(t, send)
	r.events.Pipe("", event("a", 0))
	r.Advance(time.Minute + 700*time.Millisecond)
	r.want(t, "of the other windows", each(0, "a")[:4]...)
	value, why := r.buried(t)
	if want := "process: test-reports-repartition[0]@4, attempt 4"; value != report(0, "a") || why != want {
		t.Errorf("dead letter %s, %s, want %s, %s", value, why, report(0, "a"), want)
	}
	if *calls != 4 {
		t.Errorf("%d calls, want 4", *calls)
	}
	r.events.Pipe("", event("b", 0))
	r.Advance(time.Minute)
	r.want(t, "of the next minute", each(0, "a", "b")...)
}

// What the service answers cannot be written, here as it is no JSON.
func TestAnOutputThatFailsIsRetriedAndSetAside(t *testing.T) {
	calls := 0
	r := newRig(t, func(_ context.Context, r Report) (Report, error) {
		if r.End != last {
			return r, nil
		}
		if calls++; r.Count == 1 {
			r.Data = []Data{{"n": json.RawMessage("{")}}
		}
		return r, nil
	})
	r.events.Pipe("", event("a", 0))
	r.Advance(time.Minute + 700*time.Millisecond)
	r.want(t, "of the other windows", each(0, "a")[:4]...)
	value, why := r.buried(t)
	if want := "produce: test-reports-repartition[0]@4, attempt 4"; value != report(0, "a") || why != want {
		t.Errorf("dead letter %s, %s, want %s, %s", value, why, report(0, "a"), want)
	}
	if calls != 4 {
		t.Errorf("%d calls, want 4", calls)
	}
	r.events.Pipe("", event("b", 0))
	r.Advance(time.Minute)
	r.want(t, "of the next minute", each(0, "a", "b")...)
}
