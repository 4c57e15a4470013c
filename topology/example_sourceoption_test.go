package topology_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// One stream starts at its oldest record, one with what is written from now on
// and one at a date: where the application has no committed offset yet. If the
// broker has deleted what comes next on clicks, because the application was
// down for long, it goes on with what is there.
func ExampleFromTime() {
	b := topology.New()
	orders := topology.Stream[string, string](b, "orders", topology.FromEarliest())
	clicks := topology.Stream[string, string](b, "clicks", topology.FromLatest(), topology.LossToEarliest())
	visits := topology.Stream[string, string](b, "visits", topology.FromTime(time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)))
	topology.To(orders.Merge(clicks).Merge(visits), "all")
	text, err := b.Describe()
	fmt.Print(text, err)
	// Output:
	// subtopology 0
	//   source-1  source  orders              string, string  serdes string, string
	//   source-2  source  clicks              string, string  from latest; serdes string, string
	//   source-3  source  visits              string, string  from time; serdes string, string
	//   merge-1   merge   source-1, source-2  string, string
	//   merge-2   merge   merge-1, source-3   string, string
	//   sink-1    sink    merge-2             string, string  -> all; serdes string, string
	// <nil>
}

// The time of a measurement is in its value, in seconds. One without a time
// gets that of the record before it in its partition.
func ExampleTimestamps() {
	b := topology.New()
	seconds := topology.Timestamps(func(r processor.Record[string, int64], partitionTimeMs int64) (int64, error) {
		switch {
		case !r.HasValue || r.Value == 0:
			return partitionTimeMs, nil // negative before the first time: drops the record
		case r.Value > 1e10:
			return 0, errors.New("the time is not in seconds")
		}
		return r.Value * 1000, nil
	})
	topology.To(topology.Stream[string, int64](b, "measured", seconds), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, int64](d, "measured")
	in.Pipe("a", 0)
	in.Pipe("b", 60)
	in.Pipe("c", 0)
	fmt.Println(streamstest.Out[string, int64](d, "out").Text())
	// Output: b=60@60000, c=0@60000
}

// What cannot be decoded on this stream is skipped; elsewhere the application's
// policy counts.
func ExampleOnDecodeError() {
	b := topology.New()
	numbers := topology.Stream[string, int64](b, "numbers", topology.ValueSerde(serde.DecimalInt64),
		topology.OnDecodeError(processor.Policy{Then: processor.Skip}))
	topology.To(numbers, "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	raw := streamstest.In[string, []byte](d, "numbers")
	raw.PipeAt("a", []byte("seven"), 1)
	raw.PipeAt("a", []byte("7"), 2)
	fmt.Println(streamstest.Out[string, int64](d, "out").Text())
	// Output: a=7@2
}

// Two records a second of each partition are processed, half a second apart.
func ExampleMaxRate() {
	b := topology.New()
	topology.To(topology.Stream[string, string](b, "in", topology.MaxRate(2)), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "in"), streamstest.Out[string, string](d, "out")
	for _, v := range []string{"a", "b", "c", "d", "e"} {
		in.PipeAt("k", v, 1)
	}
	fmt.Println(out.Text())
	d.Advance(time.Second)
	fmt.Println(out.Text())
	// Output:
	// k=a@1
	// k=b@1, k=c@1
}

// A topic that its own topology writes: what is not small enough yet goes round
// again.
func ExampleAllowLoop() {
	b := topology.New()
	numbers := topology.Stream[string, int64](b, "numbers").Split()
	topology.To(numbers.Branch("small", func(_ string, n int64) bool { return n < 10 }), "small")
	halves := topology.MapValues(numbers.Default("large"), func(n int64) int64 { return n / 2 })
	topology.To(halves, "numbers", topology.AllowLoop())

	d := streamstest.New(nil, b, streamstest.Config{})
	streamstest.In[string, int64](d, "numbers").PipeAt("k", 37, 1)
	fmt.Println(streamstest.Out[string, int64](d, "numbers").Text())
	fmt.Println(streamstest.Out[string, int64](d, "small").Text())
	// Output:
	// k=37@1, k=18@1, k=9@1
	// k=9@1
}

// The serde of a type of one's own is registered once; every operator with it
// finds it.
func ExampleRegister() {
	type order struct {
		Customer string `json:"customer"`
		Cents    int64  `json:"cents"`
	}
	b := topology.New()
	topology.Register(b, serde.JSON[order]())
	orders := topology.Stream[string, order](b, "orders")
	largest := topology.Reduce(topology.GroupBy(orders, func(_ string, o order) string { return o.Customer }), "largest",
		func(a, b order) order {
			if a.Cents >= b.Cents {
				return a
			}
			return b
		})
	topology.To(largest.ToStream(), "largest-orders")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, order](d, "orders")
	in.Pipe("1", order{"ann", 250})
	in.Pipe("2", order{"ann", 200})
	for _, r := range streamstest.Out[string, []byte](d, "largest-orders").All() {
		fmt.Printf("%s %s\n", r.Key, r.Value)
	}
	// Output:
	// ann {"customer":"ann","cents":250}
	// ann {"customer":"ann","cents":250}
}
