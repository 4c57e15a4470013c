package corpus

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// waiting are the topologies in which records of one topic wait for those of
// another. Here a bounded run ends between them, and sends on what waits.
var waiting = []string{"join-left", "join-right", "join-outer", "join-anti", "join-idle", "nearest", "stream-versioned-table-grace"}

// TestOnKafka runs the parts of the corpus as applications on Apache Kafka,
// several at a time: what they commit must be what the driver says.
func TestOnKafka(t *testing.T) {
	b := kafkatest.Kafka(t)
	type job struct {
		name string
		part Part
	}
	jobs := make(chan job)
	done := make(chan bool)
	const atOnce = 8 // most of the time each waits for the broker
	for range atOnce {
		go func() {
			for j := range jobs {
				t.Run(j.name, func(t *testing.T) { untilCaughtUp(t, b, j.part, j.name) })
			}
			done <- true
		}()
	}
	for i, part := range Parts(t, "testdata") {
		topology := part.Commands[0].argument("topology")
		if part.runs("advance", "crash", "rebalance") && !slices.Contains(waiting, topology) {
			jobs <- job{fmt.Sprintf("%s-%d", part.Name, i), part}
		}
	}
	close(jobs)
	for range atOnce {
		<-done
	}
}

// untilCaughtUp runs the application once for each topic that it is given
// something in: the order over topics is part of what a script says.
func untilCaughtUp(t *testing.T, b *kafkatest.Broker, part Part, name string) {
	o := newOnBroker(t, b, part, name+".")
	last := len(o.steps) - 1
	for o.produce(last) {
		if err := o.app("corpus-" + name).RunUntilCaughtUp(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	o.compare(last, o.read())
}
