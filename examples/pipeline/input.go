package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// input is what comes in from outside, the same each time: 50 events, one
// every 12 seconds, with every tenth sent again and, after every 20th, something
// that is no event.
func input() (events []string) {
	random := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2024, time.January, 1, 10, 0, 0, 0, time.UTC)
	for i := range 50 {
		event := fmt.Sprintf(`{"event_id":"e%02d","timestamp":%q,"user_id":"user_%d","event_type":%q,"data":{"amount":%d}}`,
			i+1, at.Format(time.RFC3339), 1+random.IntN(5),
			[]string{"click", "view", "purchase"}[random.IntN(3)], random.IntN(200))
		events = append(events, event)
		if i%10 == 9 {
			events = append(events, event)
		}
		if i%20 == 19 {
			events = append(events, event[:len(event)/2])
		}
		at = at.Add(12 * time.Second)
	}
	return events
}
