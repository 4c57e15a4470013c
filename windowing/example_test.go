package windowing_test

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// at is a time of the examples in milliseconds.
func at(seconds int64) int64 { return seconds * 1000 }

// The visit of 0:58 comes late, within the grace; that of 0:10 is too late.
func ExampleCount() {
	b := topology.New()
	visits := topology.Stream[string, string](b, "visits")
	perMinute := windowing.Count(topology.GroupByKey(visits), "per-minute", windowing.Tumbling(time.Minute).Grace(10*time.Second))
	topology.To(perMinute.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "visits"), streamstest.Out[state.Windowed[string], int64](d, "out")
	for _, second := range []int64{0, 59, 65, 58, 70, 10} {
		in.PipeAt("ann", "/", at(second))
	}
	for _, r := range out.Rest() {
		fmt.Println(r.Key, r.Value)
	}
	// Output:
	// ann@[0,60000) 1
	// ann@[0,60000) 2
	// ann@[60000,120000) 1
	// ann@[0,60000) 3
	// ann@[60000,120000) 2
}

// The highest value of the last two minutes, every minute.
func ExampleReduce() {
	b := topology.New()
	loads := topology.Stream[string, int64](b, "loads")
	peaks := windowing.Reduce(topology.GroupByKey(loads), "peaks", windowing.Hopping(2*time.Minute, time.Minute),
		func(peak, load int64) int64 { return max(peak, load) })
	topology.To(peaks.ToStream(), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, int64](d, "loads"), streamstest.Out[state.Windowed[string], int64](d, "out")
	in.PipeAt("db", 7, at(30))
	in.PipeAt("db", 3, at(90))
	for _, r := range out.Rest() {
		fmt.Println(time.UnixMilli(r.Key.Start).UTC().Format("15:04"), "to", time.UnixMilli(r.Key.End).UTC().Format("15:04"), r.Value)
	}
	// Output:
	// 00:00 to 00:02 7
	// 00:00 to 00:02 7
	// 00:01 to 00:03 3
}

// A function that can fail, or delete a row.
func ExampleReduceErr() {
	b := topology.New()
	words := topology.Stream[string, string](b, "words")
	longest := windowing.ReduceErr(topology.GroupByKey(words), "longest", windowing.Tumbling(time.Minute), func(row, word string) (string, error) {
		if len(word) < len(row) {
			return row, nil
		}
		return word, nil
	})
	topology.To(longest.ToStream(), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "words"), streamstest.Out[state.Windowed[string], string](d, "out")
	in.PipeAt("en", "hop", at(1))
	in.PipeAt("en", "tumble", at(2))
	in.PipeAt("en", "slide", at(3))
	fmt.Println(out.Text())
	// Output: en@[0,60000)=hop@1000, en@[0,60000)=tumble@2000, en@[0,60000)=tumble@3000
}

// Several aggregations at once, in one store.
func ExampleAggregate() {
	type stats struct{ N, Sum int64 }
	b := topology.New()
	topology.Register(b, serde.JSON[stats]())
	amounts := topology.Stream[string, int64](b, "amounts")
	perHour := windowing.Aggregate(topology.GroupByKey(amounts), "stats", windowing.Tumbling(time.Hour),
		aggregate.Combine2(aggregate.Count[int64](), aggregate.Sum(func(n int64) int64 { return n }),
			func(n, sum int64) stats { return stats{n, sum} }))
	topology.To(perHour.ToStream(), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, int64](d, "amounts"), streamstest.Out[state.Windowed[string], stats](d, "out")
	in.PipeAt("ann", 5, at(1))
	in.PipeAt("ann", 7, at(2))
	fmt.Println(out.Text())
	// Output: ann@[0,3600000)={1 5}@1000, ann@[0,3600000)={2 12}@2000
}
