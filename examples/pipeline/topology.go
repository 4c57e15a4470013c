package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Event is something that a user did. Events with one id are one event.
type Event struct {
	ID   string `json:"event_id"`
	Time string `json:"timestamp"` // RFC 3339
	User string `json:"user_id"`
	Type string `json:"event_type"`
	Data Data   `json:"data"`
}

// Data is a JSON object that nobody here looks into.
type Data map[string]json.RawMessage

// Group is the events of one type and user.
type Group struct {
	Type string `json:"event_type"`
	User string `json:"user_id"`
}

// Window is what is reported on: a group in five minutes.
type Window struct {
	Group
	Start string `json:"window_start"` // RFC 3339
	End   string `json:"window_end"`   // not part of it
}

// Stats are what a window has come to.
type Stats struct {
	Count int64  `json:"count"`
	Data  []Data `json:"data"`
}

// Report is what is sent on of a window.
type Report struct {
	Window
	Stats
}

// Send hands a report to a service, and returns what is to be written of it.
type Send = func(context.Context, Report) (Report, error)

const (
	// retries is how often more what fails is tried.
	retries = 3
	// remembered is how long an event that comes again is one that was seen.
	remembered = 24 * time.Hour
	// listed is how many events a window can have: others are dead letters.
	listed = 10_000
)

// windows begin each minute. An event that comes more than ten minutes behind
// the end of one is late for it: it is counted as such and left out.
var windows = windowing.Hopping(5*time.Minute, time.Minute).Grace(10 * time.Minute)

// pipeline is the whole topology. Equal ids meet in one task behind the first
// repartition topic; behind the second one each report is a record, so that one
// that fails fails alone.
func pipeline(every time.Duration, send Send) *topology.Builder {
	b := topology.New()
	topology.Register(b, serde.JSON[Event]())
	topology.Register(b, serde.JSON[Data]())
	topology.Register(b, serde.JSON[Group]())
	topology.Register(b, serde.JSON[Window]())
	topology.Register(b, serde.JSON[Stats]())
	topology.Register(b, serde.JSON[Report]())

	events := topology.Stream[string, Event](b, "events", topology.TimeField(timeOf, time.RFC3339, time.UTC), topology.RefuseNulls())
	byID := topology.SelectKeyErr(events, idOf)
	once := windowing.Deduplicate(byID, "seen", remembered, func(id string, _ Event) string { return id })

	groups := topology.GroupBy(once, func(_ string, e Event) Group { return Group{e.Type, e.User} })
	stats := windowing.Aggregate(groups, "stats", windows, aggregate.Combine2(
		aggregate.Count[Event](), aggregate.CollectList(dataOf, listed),
		func(n int64, data []Data) Stats { return Stats{n, data} },
	), topology.EmitLatest(every))

	reports := topology.Map(stats.ToStream(), reportOf)
	sent := topology.MapValuesAsync(topology.Repartition(reports, "reports"), send, topology.Async{Retries: retries})
	topology.To(sent, "output_topic")
	return b
}

func timeOf(e Event) string { return e.Time }
func dataOf(e Event) Data   { return e.Data }

func reportOf(w state.Windowed[Group], s Stats) (Window, Report) {
	at := Window{w.Key, clock(w.Start), clock(w.End)}
	return at, Report{at, s}
}

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

// idOf is the id of what is an event: JSON of any other kind has none.
func idOf(_ string, e Event) (string, error) {
	if e.ID == "" || e.User == "" || e.Type == "" {
		return "", errors.New("the event lacks its event_id, user_id or event_type")
	}
	return e.ID, nil
}
