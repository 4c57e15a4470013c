package topology_test

import (
	"fmt"
	"os"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

func ExampleTo() {
	b := topology.New()
	counts := topology.Stream[string, int64](b, "counts")
	topology.To(counts, "readable", topology.Serdes(serde.String, serde.DecimalInt64))

	d := streamstest.New(nil, b, streamstest.Config{})
	streamstest.In[string, int64](d, "counts").PipeAt("k", 42, 1)
	r := streamstest.Out[string, []byte](d, "readable").Read()
	fmt.Printf("%s %s\n", r.Key, r.Value)
	// Output: k 42
}

// Records of the customer "house" have the last partition to themselves.
func ExamplePartitioner() {
	b := topology.New()
	orders := topology.Stream[string, string](b, "orders")
	topology.To(orders, "out", topology.Partitioner(func(_, customer, _ string, partitions int) int {
		if customer == "house" {
			return partitions - 1
		}
		return len(customer) % (partitions - 1)
	}))

	d := streamstest.New(nil, b, streamstest.Config{Partitions: map[string]int{"out": 3}})
	in := streamstest.In[string, string](d, "orders")
	for _, customer := range []string{"ann", "house", "john"} {
		in.PipeAt(customer, "tea", 1)
	}
	for _, r := range streamstest.Out[string, string](d, "out").Rest() {
		fmt.Println(r.Key, "in partition", r.Partition)
	}
	// Output:
	// ann in partition 1
	// house in partition 2
	// john in partition 0
}

// Each order goes to the topic of its country.
func ExampleToChosen() {
	b := topology.New()
	orders := topology.Stream[string, string](b, "orders")
	topology.ToChosen(orders, func(country, _ string) string {
		if country == "" {
			return "" // dropped and counted
		}
		return "orders-" + country
	}, topology.Name("by-country"))

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "orders")
	in.PipeAt("pt", "tea", 1)
	in.PipeAt("is", "rum", 2)
	in.PipeAt("", "gin", 3)
	fmt.Println(streamstest.Out[string, string](d, "orders-pt").Text())
	fmt.Println(streamstest.Out[string, string](d, "orders-is").Text())
	fmt.Println("dropped:", d.Dropped("by-country", "no_topic"))
	// Output:
	// pt=tea@1
	// is=rum@2
	// dropped: 1
}

// A Processor that keeps state by key needs equal keys in one task: the stream
// goes through a topic of its own first.
func ExampleRepartition() {
	b := topology.New()
	visits := topology.Stream[string, string](b, "visits")
	pages := topology.SelectKey(visits, func(_, page string) string { return page })
	topology.To(topology.Repartition(pages, "pages", topology.Partitions(4)), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	streamstest.In[string, string](d, "visits").PipeAt("ann", "/", 1)
	fmt.Println(streamstest.Out[string, string](d, "test-pages-repartition").Text())
	fmt.Println(streamstest.Out[string, string](d, "out").Text())
	// Output:
	// /=/@1
	// /=/@1
}

func ExampleKStream_Print() {
	b := topology.New()
	orders := topology.Stream[string, string](b, "orders")
	orders.Print(topology.Printing{To: os.Stdout, Rows: 2}, topology.Name("orders"))

	d := streamstest.New(nil, b, streamstest.Config{ManualCommit: true})
	in := streamstest.In[string, string](d, "orders")
	in.PipeAt("1", "tea", 5)
	in.PipeAt("2", "a bottle of good old rum", 6)
	in.PipeAt("3", "gin", 7)
	d.Commit()
	// Output:
	// commit 1 of orders, task 0_0
	// +---+--------------------+-----------------------+
	// |key|value               |time                   |
	// +---+--------------------+-----------------------+
	// |1  |tea                 |1970-01-01 00:00:00.005|
	// |2  |a bottle of good ...|1970-01-01 00:00:00.006|
	// +---+--------------------+-----------------------+
	// ... and 1 more
}
