package windowing_test

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// What users did in one visit: pages that are at most ten minutes apart.
func ExampleSessions() {
	b := topology.New()
	pages := topology.GroupByKey(topology.Stream[string, string](b, "pages"))
	visits := windowing.Aggregate(pages, "visits", windowing.Sessions(10*time.Minute).Grace(time.Hour), aggregate.Count[string]())
	topology.To(visits.ToStream(), "visits-so-far")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "pages")
	const minute = 60_000
	in.PipeAt("ann", "/", 0)
	in.PipeAt("ann", "/cart", 4*minute)
	in.PipeAt("ann", "/", 20*minute)
	in.PipeAt("ann", "/pay", 12*minute) // late, and between the two
	for _, r := range streamstest.Out[state.Windowed[string], int64](d, "visits-so-far").Rest() {
		pages := "no visit any more"
		if r.HasValue {
			pages = fmt.Sprint(r.Value, " pages")
		}
		fmt.Printf("%s, minute %d to %d: %s\n", r.Key.Key, r.Key.Start/minute, r.Key.End/minute, pages)
	}
	// Output:
	// ann, minute 0 to 0: 1 pages
	// ann, minute 0 to 0: no visit any more
	// ann, minute 0 to 4: 2 pages
	// ann, minute 20 to 20: 1 pages
	// ann, minute 0 to 4: no visit any more
	// ann, minute 20 to 20: no visit any more
	// ann, minute 0 to 20: 4 pages
}

// Some activities keep a visit open for longer than others.
func ExampleSessionsBy() {
	b := topology.New()
	pages := topology.GroupByKey(topology.Stream[string, string](b, "pages"))
	stays := windowing.SessionsBy(func(page string) time.Duration {
		if page == "/video" {
			return time.Hour
		}
		return 10 * time.Minute
	}, time.Hour)
	topology.To(windowing.Count(pages, "visits", stays, windowing.EmitOnClose()).ToStream(), "visits")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "pages")
	const minute = 60_000
	in.PipeAt("ann", "/video", 0)
	in.PipeAt("ann", "/", 55*minute)
	in.PipeAt("bob", "/", 120*minute)
	for _, r := range streamstest.Out[state.Windowed[string], int64](d, "visits").Rest() {
		fmt.Printf("%s: %d pages, until minute %d\n", r.Key.Key, r.Value, r.Key.End/minute)
	}
	// Output: ann: 2 pages, until minute 65
}
