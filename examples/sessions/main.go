// Sessions finds out when the users of a site are active.
//
// The topic events holds what users do, as JSON. What a user does with less than
// ten minutes in between is one session; topic sessions gets each one with the
// number of its events whenever that changes, and a null when it has become part
// of another:
//
//	ann   10:00  10:04  10:08         10:21  10:25          10:15 (late)
//	      [---- session ----]         [-----]
//	      [------------------ one session ---]   <-- with the late event
//
//	go run ./examples/sessions
package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/examples/internal/demo"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Event is something that a user did.
type Event struct {
	User string `json:"user_id"`
	Time string `json:"timestamp"` // RFC 3339
}

func main() { demo.Main(func() (demo.Example, error) { return example(), nil }) }

func example() demo.Example {
	e := demo.Example{
		Config:   millrace.Config{AppID: "sessions"},
		Topology: sessions(),
		Topics:   map[string]int32{"events": 1, "sessions": 1},
		Output:   []string{"sessions"},
	}
	for _, event := range [][2]string{
		{"ann", "10:00"}, {"ann", "10:04"}, {"bob", "10:05"}, {"ann", "10:08"}, // one session of ann
		{"ann", "10:21"}, {"ann", "10:25"}, // another one
		{"ann", "10:15"},                   // late, and between the two
		{"bob", "11:00"}, {"bob", "10:09"}, // too late
	} {
		e.Input = append(e.Input, demo.Record{Topic: "events", Value: fmt.Appendf(nil, `{"user_id":%q,"timestamp":"2024-01-01T%s:00Z"}`, event[0], event[1])})
	}
	return e
}

// sessions is the whole topology.
func sessions() *topology.Builder {
	b := topology.New()
	topology.Register(b, serde.JSON[Event]())
	events := topology.Stream[string, Event](b, "events",
		topology.TimeField(func(e Event) string { return e.Time }, time.RFC3339, time.UTC), topology.RefuseNulls())
	users := topology.GroupBy(events, func(_ string, e Event) string { return e.User })
	counts := windowing.Count(users, "counts", windowing.Sessions(10*time.Minute).Grace(30*time.Minute))
	topology.To(counts.ToStream(), "sessions", topology.Serdes(names{}, serde.DecimalInt64))
	return b
}

// names writes what a session is called. Nobody reads it back.
type names struct{}

func (names) Append(dst []byte, w state.Windowed[string]) ([]byte, error) {
	return fmt.Appendf(dst, "%s %s-%s", w.Key, clock(w.Start), clock(w.End)), nil
}

func (names) Decode([]byte) (w state.Windowed[string], err error) {
	return w, errors.New("the name of a session does not say on which day it was")
}

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format("15:04") }
