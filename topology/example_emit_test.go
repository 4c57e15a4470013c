package topology_test

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// Every update, the latest of each commit, and the latest of each minute of
// the same count.
func ExampleEmitLatest() {
	b := topology.New()
	visits := topology.GroupByKey(topology.Stream[string, string](b, "visits"))
	topology.To(topology.Count(visits, "every").ToStream(), "every-update")
	topology.To(topology.Count(visits, "commits", topology.EmitLatest(0)).ToStream(), "each-commit")
	topology.To(topology.Count(visits, "minutes", topology.EmitLatest(time.Minute)).ToStream(), "each-minute")

	d := streamstest.New(nil, b, streamstest.Config{ManualCommit: true})
	in := streamstest.In[string, string](d, "visits")
	in.PipeAt("ann", "/", 1)
	in.PipeAt("ann", "/help", 2)
	d.Commit()
	in.PipeAt("ann", "/", 3)
	d.Advance(time.Minute)
	d.Commit()
	for _, topic := range []string{"every-update", "each-commit", "each-minute"} {
		fmt.Println(topic, streamstest.Out[string, int64](d, topic).Text())
	}
	// Output:
	// every-update ann=1@1, ann=2@2, ann=3@3
	// each-commit ann=2@2, ann=3@3
	// each-minute ann=3@3
}

// All counts once a minute, those that have not changed too.
func ExampleEmitSnapshot() {
	b := topology.New()
	visits := topology.GroupByKey(topology.Stream[string, string](b, "visits"))
	topology.To(topology.Count(visits, "visits", topology.EmitSnapshot(time.Minute)).ToStream(), "dashboard")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "visits"), streamstest.Out[string, int64](d, "dashboard")
	in.PipeAt("bob", "/", 1)
	in.PipeAt("ann", "/", 2)
	d.Advance(time.Minute)
	fmt.Println(out.Text())
	in.PipeAt("bob", "/", 3)
	d.Advance(time.Minute)
	fmt.Println(out.Text())
	// Output:
	// ann=1@2, bob=1@1
	// ann=1@2, bob=2@3
}
