package streamstest_test

import (
	"errors"
	"fmt"
	"maps"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// An instance that goes down with its outputs written and its offsets not
// committed: under exactly once nobody ever sees them, and the line is
// processed again. Under at least once they stay, and come twice.
func ExampleDriver_CrashAt() {
	for _, atLeastOnce := range []bool{false, true} {
		d := streamstest.New(nil, wordCount(), streamstest.Config{AtLeastOnce: atLeastOnce})
		d.CrashAt(streamstest.AfterProduce)
		streamstest.In[string, string](d, "lines").PipeAt("", "to be", 1)
		fmt.Println(streamstest.Out[string, int64](d, "totals").Text())
		d.Close()
	}
	// Output:
	// to=1@1, be=1@1
	// to=1@1, be=1@1, to=2@1, be=2@1
}

// What is not committed is invisible. A commit logs each key once.
func ExampleDriver_Commit() {
	d := streamstest.New(nil, wordCount(), streamstest.Config{ManualCommit: true})
	defer d.Close()
	lines := streamstest.In[string, string](d, "lines")
	totals := streamstest.Out[string, int64](d, "totals")
	lines.PipeAt("", "to be or not to be", 1)
	fmt.Println("before:", totals.Len())
	d.Commit()
	fmt.Println("after:", totals.Text())
	log := streamstest.Out[string, int64](d, d.ChangelogTopic("counts"))
	fmt.Println("changelog:", log.Text(), maps.Collect(log.Latest()))
	// Output:
	// before: 0
	// after: to=1@1, be=1@1, or=1@1, not=1@1, to=2@1, be=2@1
	// changelog: to=2@1, be=2@1, or=1@1, not=1@1 map[be:2 not:1 or:1 to:2]
}

// A failure that no policy settles, and the dead letter where one does.
func ExampleDriver_Try() {
	b := topology.New()
	orders := topology.Stream[string, int64](b, "orders", topology.ValueSerde(serde.DecimalInt64))
	topology.To(topology.MapValuesErr(orders, func(n int64) (int64, error) {
		if n < 0 {
			return 0, errors.New("negative amount")
		}
		return n, nil
	}, topology.Name("check")), "checked")

	d := streamstest.New(nil, b, streamstest.Config{Errors: processor.Policies{
		Decode: processor.Policy{Then: processor.DeadLetter}, DeadLetterTopic: "dead",
	}})
	defer d.Close()
	streamstest.In[string, []byte](d, "orders").PipeAt("alice", []byte("three"), 1)
	fmt.Println("dead:", streamstest.Out[string, string](d, "dead").Text())
	fmt.Println(d.Try(func() {
		streamstest.In[string, int64](d, "orders").PipeAt("bob", -1, 2)
	}))
	// Output:
	// dead: alice=three@1
	// process: task 0_0: node check: topic orders partition 0 offset 1: negative amount (set Policies.Process to go on without such records)
}
