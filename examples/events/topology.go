package main

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Event is something that a user did.
type Event struct {
	User   string `json:"user_id"`
	Type   string `json:"event_type"`
	Time   string `json:"timestamp"` // RFC 3339
	Amount int64  `json:"amount"`
}

// Stats are what the events of a kind come to.
type Stats struct {
	Count   int64   `json:"count"`
	Users   int64   `json:"users"`
	Sum     int64   `json:"sum"`
	Average float64 `json:"average"`
	Least   int64   `json:"least"`
	Most    int64   `json:"most"`
}

// Kind is the events of one type and user.
type Kind struct {
	Type string `json:"event_type"`
	User string `json:"user_id"`
}

// many is how many users, or amounts, a row can have: a record beyond that is an
// error.
const many = 10_000

// windows are those of all reports.
var windows = windowing.Hopping(5*time.Minute, time.Minute).Grace(10 * time.Minute)

// reports is the whole topology.
func reports(every time.Duration) *topology.Builder {
	b := topology.New()
	topology.Register(b, serde.JSON[Event]())
	topology.Register(b, serde.JSON[Stats]())
	topology.Register(b, serde.JSON[Kind]())
	topology.Register(b, serde.JSON[[]int64]())
	events := topology.Stream[string, Event](b, "events",
		topology.TimeField(func(e Event) string { return e.Time }, time.RFC3339, time.UTC), topology.RefuseNulls())

	types := topology.GroupBy(events, func(_ string, e Event) string { return e.Type }, topology.Name("types"))
	stats := windowing.Aggregate(types, "stats", windows, aggregate.Combine6(
		aggregate.Count[Event](),
		aggregate.Distinct(func(e Event) string { return e.User }, many),
		aggregate.Where(paid, aggregate.Sum(amount)),
		aggregate.Where(paid, aggregate.Avg(amount)),
		aggregate.Where(paid, aggregate.Min(amount)),
		aggregate.Where(paid, aggregate.Max(amount)),
		func(count, users, sum int64, average float64, least, most int64) Stats {
			return Stats{count, users, sum, average, least, most}
		}), topology.EmitLatest(every))
	topology.To(topology.SelectKey(stats.ToStream(), name[string, Stats]), "stats")

	kinds := topology.GroupBy(events, func(_ string, e Event) Kind { return Kind{e.Type, e.User} }, topology.Name("kinds"))
	lists := windowing.Aggregate(kinds, "lists", windows, aggregate.CollectList(amount, many), topology.EmitLatest(every))
	topology.To(topology.SelectKey(lists.ToStream(), name[Kind, []int64]), "lists")
	return b
}

// paid says whether an event has an amount.
func paid(e Event) bool { return e.Amount > 0 }

func amount(e Event) int64 { return e.Amount }

// name is what a row is called.
func name[K, V any](w state.Windowed[K], _ V) string {
	return fmt.Sprintf("%v %s-%s", w.Key, clock(w.Start), clock(w.End))
}

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format("15:04") }
