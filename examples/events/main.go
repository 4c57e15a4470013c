// Events makes a report of what the users of a site do, by the kind of event, in
// windows of five minutes that begin every minute.
//
// The topic events holds 50 events, one every 12 seconds, as JSON. For each kind
// and window topic stats gets, in one go, how many there were, of how many
// users, and sum, average, least and most of the amounts; topic lists the
// amounts of each user. Each row is written once, at the end of the run or when
// a minute has gone by: see topology.EmitLatest.
//
//	go run ./examples/events
package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/examples/internal/demo"
)

func main() { demo.Main(func() (demo.Example, error) { return example(), nil }) }

func example() demo.Example {
	e := demo.Example{
		Config:   millrace.Config{AppID: "events"},
		Topology: reports(time.Minute),
		Topics:   map[string]int32{"events": 1, "stats": 1, "lists": 1},
		Output:   []string{"stats", "lists"},
	}
	for _, event := range input() {
		e.Input = append(e.Input, demo.Record{Topic: "events", Value: []byte(event)})
	}
	return e
}

// input is the same each time. Three events in ten have an amount.
func input() (events []string) {
	random := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2024, time.January, 1, 10, 0, 0, 0, time.UTC)
	for range 50 {
		amount := 0
		if random.IntN(10) < 3 {
			amount = 10 + random.IntN(191)
		}
		events = append(events, fmt.Sprintf(`{"user_id":"user_%d","event_type":%q,"timestamp":%q,"amount":%d}`,
			1+random.IntN(5), []string{"click", "view", "purchase"}[random.IntN(3)], at.Format(time.RFC3339), amount))
		at = at.Add(12 * time.Second)
	}
	return events
}
