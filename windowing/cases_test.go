package windowing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// rows is what a topic got since it was last asked, as "09:50 k 2" each.
func rows(out *streamstest.Output[state.Windowed[string], int64]) (list []string) {
	for _, r := range out.Rest() {
		list = append(list, fmt.Sprintf("%s %s %d", time.UnixMilli(r.Key.Start).UTC().Format("15:04"), r.Key.Key, r.Value))
	}
	return list
}

// newest are the last rows of each key and window, in order.
func newest(list []string) []string {
	last := map[string]string{}
	for _, row := range list {
		last[row[:strings.LastIndex(row, " ")]] = row
	}
	var out []string
	for _, row := range last {
		out = append(out, row)
	}
	slices.Sort(out)
	return out
}

func outOf(d *streamstest.Driver) *streamstest.Output[state.Windowed[string], int64] {
	return streamstest.Out[state.Windowed[string], int64](d, "out")
}

func want(t *testing.T, what string, got []string, rows ...string) {
	t.Helper()
	if !slices.Equal(got, rows) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, rows)
	}
}

// onTheDay is a time of a day in 2024, such as "10:00" or "10:00:30".
func onTheDay(text string) int64 {
	if len(text) == len("15:04") {
		text += ":00"
	}
	t, err := time.Parse(time.DateTime, "2024-01-01 "+text)
	if err != nil {
		panic(err)
	}
	return t.UnixMilli()
}

// 30 events every 30 s from 10:00:00, and then five that are ten minutes late.
func TestLateEvents(t *testing.T) {
	run := func(grace time.Duration, opts ...topology.Option) *streamstest.Driver {
		b := topology.New()
		counts := windowing.Count(grouped(b), "counts", windowing.Tumbling(2*time.Minute).Grace(grace), opts...)
		topology.To(counts.ToStream(), "out")
		topology.To(counts.Late(), "late")
		d := streamstest.New(t, b, streamstest.Config{})
		in := streamstest.In[string, string](d, "in")
		for i := range int64(30) {
			in.PipeAt("k", "v", onTheDay("10:00")+i*30_000)
		}
		for minute := range 5 {
			in.PipeAt("k", "late", onTheDay(fmt.Sprint("09:5", minute)))
		}
		return d
	}
	const year = 365 * 24 * time.Hour
	want(t, "no bound on lateness", newest(rows(outOf(run(year)))),
		"09:50 k 2", "09:52 k 2", "09:54 k 1",
		"10:00 k 4", "10:02 k 4", "10:04 k 4", "10:06 k 4", "10:08 k 4", "10:10 k 4", "10:12 k 4", "10:14 k 2")

	d := run(5*time.Minute, windowing.EmitOnClose())
	want(t, "on close with a grace of 5 minutes", rows(outOf(d)), "10:00 k 4", "10:02 k 4", "10:04 k 4", "10:06 k 4")
	if got := d.Dropped("counts", "late"); got != 5 {
		t.Errorf("%d are late", got)
	}
	var late []string
	for _, r := range streamstest.Out[string, windowing.Late[string]](d, "late").Rest() {
		late = append(late, time.UnixMilli(r.Time).UTC().Format("15:04 ")+r.Value.Value)
	}
	want(t, "the late stream", late, "09:50 late", "09:51 late", "09:52 late", "09:53 late", "09:54 late")
}

var animals = []struct{ at, animal string }{
	{"12:07", "dog"}, {"12:08", "owl"}, {"12:14", "dog"}, {"12:09", "cat"}, {"12:15", "cat"},
	{"12:08", "dog"}, {"12:13", "owl"}, {"12:21", "owl"}, {"12:17", "owl"}, {"12:04", "donkey"},
}

var byTen = windowing.Hopping(10*time.Minute, 5*time.Minute).Grace(10 * time.Minute)

func countAnimals(t *testing.T, opts ...topology.Option) *streamstest.Driver {
	b := topology.New()
	counts := windowing.Count(grouped(b), "counts", byTen, opts...)
	topology.To(counts.ToStream(), "out")
	topology.To(counts.Late(), "late")
	d := streamstest.New(t, b, streamstest.Config{ManualCommit: true})
	in := streamstest.In[string, string](d, "in")
	for _, a := range animals {
		in.PipeAt(a.animal, "seen", onTheDay(a.at))
	}
	if got := d.Dropped("counts", "late"); got != 2 { // the donkey, in both of its windows
		t.Errorf("%d are late", got)
	}
	return d
}

// What is in the windows of the animals in the end.
var animalRows = []string{
	"12:00 cat 1", "12:00 dog 2", "12:00 owl 1",
	"12:05 cat 1", "12:05 dog 3", "12:05 owl 2",
	"12:10 cat 1", "12:10 dog 1", "12:10 owl 2",
	"12:15 cat 1", "12:15 owl 2",
	"12:20 owl 1",
}

func TestAnimalsByEveryUpdate(t *testing.T) {
	d := countAnimals(t)
	out := outOf(d)
	d.Commit()
	got := rows(out)
	want(t, "first", got[:6], "12:00 dog 1", "12:05 dog 1", "12:00 owl 1", "12:05 owl 1", "12:05 dog 2", "12:10 dog 1")
	if len(got) != 18 { // nine records in two windows each
		t.Errorf("%d rows", len(got))
	}
	want(t, "in the end", newest(got), animalRows...)
}

func TestAnimalsInUpdateMode(t *testing.T) {
	d := countAnimals(t, topology.EmitLatest(0))
	out := outOf(d)
	want(t, "before the commit", rows(out))
	d.Commit()
	got := rows(out)
	slices.Sort(got)
	want(t, "with the commit", got, animalRows...)
}

func TestAnimalsInAppendMode(t *testing.T) {
	d := countAnimals(t, windowing.EmitOnClose())
	out := outOf(d)
	d.Commit()
	// Of the windows that begin at 12:00 or later only that of 12:00 has closed,
	// at 12:20. None that began earlier has a row.
	want(t, "closed", rows(out), "12:00 cat 1", "12:00 dog 2", "12:00 owl 1")
}

func TestAnimalsInCompleteMode(t *testing.T) {
	d := countAnimals(t, topology.EmitSnapshot(time.Minute))
	out := outOf(d)
	d.Commit()
	want(t, "before the interval", rows(out))
	// The window of 12:00 has left the store: it is closed, and one of 12:20 is there.
	for range 2 {
		d.Advance(time.Minute)
		d.Commit()
		want(t, "snapshot", rows(out), animalRows[3:]...)
	}
}

func TestDeviceSignals(t *testing.T) {
	b := topology.New()
	counts := windowing.Count(grouped(b), "counts", byTen)
	topology.To(counts.ToStream(), "out")
	d := streamstest.New(t, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "in"), outOf(d)
	in.PipeAt("dev1", "", onTheDay("12:02"))
	in.PipeAt("dev1", "", onTheDay("12:11"))
	rows(out)
	in.PipeAt("dev2", "", onTheDay("12:04"))
	want(t, "12:04 after 12:11", rows(out), "11:55 dev2 1", "12:00 dev2 1")
	in.PipeAt("dev3", "", onTheDay("12:17"))
	in.PipeAt("dev3", "", onTheDay("12:21"))
	rows(out)
	in.PipeAt("dev1", "", onTheDay("12:04"))
	want(t, "12:04 after 12:21", rows(out))
	if got := d.Dropped("counts", "late"); got != 2 {
		t.Errorf("%d are late", got)
	}
}
