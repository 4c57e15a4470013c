package joins_test

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// Rows that are given in code: records whose key is not among them are dropped.
func ExampleStaticMap() {
	b := topology.New()
	values := joins.StaticMap(map[string]string{"key1": "value1", "key2": "value2", "key3": "value3"})
	joined := joins.InnerGlobal(topology.Stream[string, string](b, "in"), values,
		func(key, _ string) (string, bool) { return key, true },
		func(_, v, row string) string { return v + " " + row })
	topology.To(joined, "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "in")
	for _, key := range []string{"key1", "key2", "key4", "key3"} {
		in.Pipe(key, "has")
	}
	for _, r := range streamstest.Out[string, string](d, "out").All() {
		fmt.Println(r.Key, r.Value)
	}
	// Output:
	// key1 has value1
	// key2 has value2
	// key3 has value3
}

// Orders get the name of their customer, if it is known by then.
func ExampleLeftTable() {
	b := topology.New()
	names := topology.Table[string, string](b, "customers", "names")
	orders := topology.Stream[string, string](b, "orders")
	named := joins.LeftTable(orders, names, func(customer, order string, name processor.Maybe[string]) string {
		if !name.OK {
			return order + " for customer " + customer
		}
		return order + " for " + name.Value
	})
	topology.To(named, "named-orders")

	d := streamstest.New(nil, b, streamstest.Config{})
	customers, in := streamstest.In[string, string](d, "customers"), streamstest.In[string, string](d, "orders")
	in.Pipe("c1", "tea")
	customers.Pipe("c1", "Ann")
	in.Pipe("c1", "cups")
	for _, r := range streamstest.Out[string, string](d, "named-orders").All() {
		fmt.Println(r.Value)
	}
	// Output:
	// tea for customer c1
	// cups for Ann
}

// A price that comes late is found by the orders that wait for it.
func ExampleGrace() {
	b := topology.New()
	prices := topology.Table[string, int64](b, "prices", "prices-table", topology.Versioned(time.Hour))
	orders := topology.Stream[string, int64](b, "orders")
	sums := joins.InnerTable(orders, prices, func(_ string, pieces, price int64) int64 { return pieces * price },
		topology.Name("sums"), joins.Grace(time.Minute))
	topology.To(sums, "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, price := streamstest.In[string, int64](d, "orders"), streamstest.In[string, int64](d, "prices")
	in.PipeAt("tea", 3, 10_000)
	price.PipeAt("tea", 5, 9_000)
	price.PipeAt("tea", 7, 20_000)
	in.PipeAt("tea", 3, 70_000)
	for _, r := range streamstest.Out[string, int64](d, "out").All() {
		fmt.Println(r.Key, r.Value, r.Time)
	}
	// Output: tea 15 10000
}

// The row to join with is one that the record names, whatever its key.
func ExampleInnerGlobal() {
	b := topology.New()
	countries := topology.GlobalTable[string, string](b, "countries", "countries-table")
	orders := topology.Stream[string, string](b, "orders")
	named := joins.InnerGlobal(orders, countries,
		func(_, code string) (string, bool) { return code, code != "" },
		func(order, _, country string) string { return order + " goes to " + country })
	topology.To(named, "out")

	d := streamstest.New(nil, b, streamstest.Config{Partitions: map[string]int{"orders": 3, "countries": 2}})
	streamstest.In[string, string](d, "countries").Pipe("at", "Austria")
	streamstest.In[string, string](d, "orders").Pipe("o1", "at")
	streamstest.In[string, string](d, "orders").Pipe("o2", "nowhere")
	for _, r := range streamstest.Out[string, string](d, "out").All() {
		fmt.Println(r.Value)
	}
	// Output: o1 goes to Austria
}
