// Startoffsets reads two topics from chosen offsets: topic1 from offset 23 of
// partition 0, all else from the earliest. That is where the first run begins;
// later ones go on at the offsets that were committed.
//
//	go run ./examples/startoffsets
//	go run ./examples/startoffsets -state /tmp/startoffsets    # run it twice
package main

import (
	"fmt"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/examples/internal/demo"
	"github.com/millrace-io/millrace/topology"
)

func main() {
	demo.Main(func() (demo.Example, error) { return example(25), nil })
}

// copies is the whole topology.
func copies() *topology.Builder {
	b := topology.New()
	both := topology.StreamTopics[string, string](b, []string{"topic1", "topic2"},
		topology.FromEarliest(),
		topology.FromOffsets(map[string]map[int32]int64{"topic1": {0: 23}}))
	topology.To(both, "copies")
	return b
}

// example has n records in each partition, whose values say where they are.
func example(n int) demo.Example {
	e := demo.Example{
		Config:   millrace.Config{AppID: "startoffsets"},
		Topology: copies(),
		Topics:   map[string]int32{"topic1": 2, "topic2": 1, "copies": 1},
		Output:   []string{"copies"},
	}
	for topic, partitions := range map[string]int32{"topic1": 2, "topic2": 1} {
		for p := range partitions {
			for offset := range n {
				value := fmt.Appendf(nil, "%s/%d@%d", topic, p, offset)
				e.Input = append(e.Input, demo.Record{Topic: topic, Partition: p, Value: value})
			}
		}
	}
	return e
}
