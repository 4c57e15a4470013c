package topology_test

import (
	"fmt"
	"strings"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// New keys bring records into other partitions: the count reads them from a
// repartition topic, which has its name.
func ExampleGroupBy() {
	b := topology.New()
	visits := topology.Stream[string, string](b, "visits") // who, and which page
	pages := topology.GroupBy(visits, func(_, page string) string { return page })
	topology.To(topology.Count(pages, "views").ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "visits"), streamstest.Out[string, int64](d, "out")
	in.PipeAt("ann", "/", 1)
	in.PipeAt("bob", "/", 2)
	in.PipeAt("bob", "/help", 3)
	fmt.Println(out.Text())
	// Output: /=1@1, /=2@2, /help=1@3
}

// The keys stay what they are: no repartition topic stands between the stream
// and its count. The changelog topic of the count gets smaller segments.
func ExampleGroupByKey() {
	b := topology.New()
	visits := topology.Stream[string, string](b, "visits")
	counts := topology.Count(topology.GroupByKey(visits), "visits-count", topology.LogConfig(map[string]string{"segment.bytes": "1048576"}))
	topology.To(counts.ToStream(), "out")
	text, err := b.Describe()
	fmt.Print(text, err)
	// Output:
	// subtopology 0
	//   source-1      source     visits        string, string           serdes string, string
	//   visits-count  count      source-1      string, change of int64  stores visits-count
	//   to-stream-1   to-stream  visits-count  string, int64
	//   sink-1        sink       to-stream-1   string, int64  -> out; serdes string, int64
	//   visits-count  store                    string, int64  logged; serdes string, int64; segment.bytes=1048576
	// <nil>
}

// A row has the highest time of what went into it.
func ExampleCount() {
	b := topology.New()
	visits := topology.Stream[string, string](b, "visits")
	topology.To(topology.Count(topology.GroupByKey(visits), "visits").ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "visits"), streamstest.Out[string, int64](d, "out")
	in.PipeAt("ann", "/", 9)
	in.PipeAt("ann", "/help", 2)
	in.PipeNull("ann") // no value: dropped
	fmt.Println(out.Text())
	// Output: ann=1@9, ann=2@9
}

func ExampleReduce() {
	b := topology.New()
	bids := topology.Stream[string, int64](b, "bids", topology.ValueSerde(serde.DecimalInt64))
	best := topology.Reduce(topology.GroupByKey(bids), "best-bids", func(best, bid int64) int64 { return max(best, bid) })
	topology.To(best.ToStream(), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, int64](d, "bids"), streamstest.Out[string, int64](d, "out")
	in.PipeAt("lamp", 10, 1)
	in.PipeAt("lamp", 8, 2)
	in.PipeAt("lamp", 12, 3)
	fmt.Println(out.Text())
	// Output: lamp=10@1, lamp=10@2, lamp=12@3
}

// A result of processor.Null deletes the row; the next value begins anew.
func ExampleReduceErr() {
	b := topology.New()
	legs := topology.Stream[string, string](b, "legs")
	routes := topology.ReduceErr(topology.GroupByKey(legs), "routes", func(route, leg string) (string, error) {
		if leg == "home" {
			return "", processor.Null
		}
		return route + " " + leg, nil
	})
	topology.To(routes.ToStream(), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "legs"), streamstest.Out[string, string](d, "out")
	in.PipeAt("van", "Ulm", 1)
	in.PipeAt("van", "Bern", 2)
	in.PipeAt("van", "home", 3)
	in.PipeAt("van", "Graz", 4)
	fmt.Println(out.Text())
	// Output: van=Ulm@1, van=Ulm Bern@2, van=null@3, van=Graz@4
}

// The store holds what the average is computed from, the table shows it.
func ExampleAggregate() {
	b := topology.New()
	grades := topology.Stream[string, int64](b, "grades", topology.ValueSerde(serde.DecimalInt64))
	means := topology.Aggregate(topology.GroupByKey(grades), "means",
		aggregate.Avg(func(grade int64) int64 { return grade }))
	topology.To(topology.MapValues(means.ToStream(), func(mean float64) string { return fmt.Sprintf("%.2f", mean) }), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, int64](d, "grades"), streamstest.Out[string, string](d, "out")
	in.PipeAt("ann", 1, 1)
	in.PipeAt("ann", 2, 2)
	fmt.Println(out.Text())
	// Output: ann=1.00@1, ann=1.50@2
}

// Streams of different types add to one row. Each has its own way of doing so.
func ExampleCogroup() {
	note := func(sign string) aggregate.Aggregation[string, string, string] {
		return aggregate.New(func() string { return "" }, func(log, v string) (string, error) { return log + sign + v, nil })
	}
	paid := aggregate.New(func() string { return "" }, func(log string, cents int64) (string, error) {
		return log + fmt.Sprintf(" paid %d", cents), nil
	})
	b := topology.New()
	orders := topology.Stream[string, string](b, "orders")
	returns := topology.Stream[string, string](b, "returns")
	payments := topology.Stream[string, int64](b, "payments", topology.ValueSerde(serde.DecimalInt64))
	logs := topology.Cogroup(
		topology.Into(topology.GroupByKey(orders), note(" +")).And(
			topology.Into(topology.GroupByKey(returns), note(" -")),
			topology.Into(topology.GroupByKey(payments), paid)),
		"logs")
	topology.To(topology.MapValues(logs.ToStream(), strings.TrimSpace), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	out := streamstest.Out[string, string](d, "out")
	streamstest.In[string, string](d, "orders").PipeAt("ann", "lamp", 1)
	streamstest.In[string, int64](d, "payments").PipeAt("ann", 1500, 2)
	streamstest.In[string, string](d, "returns").PipeAt("ann", "lamp", 3)
	fmt.Println(out.Text())
	// Output: ann=+lamp@1, ann=+lamp paid 1500@2, ann=+lamp paid 1500 -lamp@3
}
