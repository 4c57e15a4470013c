package topology_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// The lines of a log that say ERROR.
func ExampleKStream_Filter() {
	b := topology.New()
	lines := topology.Stream[string, string](b, "lines")
	topology.To(lines.Filter(func(_, line string) bool { return strings.Contains(line, "ERROR") }), "errors")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "lines"), streamstest.Out[string, string](d, "errors")
	in.PipeAt("web", "INFO up", 1)
	in.PipeAt("web", "ERROR disk full", 2)
	in.PipeNull("web") // dropped, as there is nothing to look at
	fmt.Println(out.Text(), "- dropped:", d.Dropped("filter-1", "null_value"))
	// Output: web=ERROR disk full@2 - dropped: 1
}

// A function that can fail leaves it to the policy for the class Process what
// happens to its record.
func ExampleKStream_FilterErr() {
	b := topology.New()
	amounts := topology.Stream[string, string](b, "amounts")
	topology.To(amounts.FilterErr(func(_, amount string) (bool, error) {
		n, err := strconv.Atoi(amount)
		if err != nil {
			return false, errors.New("an amount is no number")
		}
		return n > 100, nil
	}), "large")

	d := streamstest.New(nil, b, streamstest.Config{Errors: processor.Policies{Process: processor.Policy{Then: processor.Skip}}})
	in, out := streamstest.In[string, string](d, "amounts"), streamstest.Out[string, string](d, "large")
	in.PipeAt("a", "70", 1)
	in.PipeAt("b", "seven", 2)
	in.PipeAt("c", "700", 3)
	fmt.Println(out.Text())
	// Output: c=700@3
}

func ExampleKStream_FilterNot() {
	b := topology.New()
	visits := topology.Stream[string, string](b, "visits")
	topology.To(visits.FilterNot(func(_, page string) bool { return page == "/health" }), "pages")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "visits"), streamstest.Out[string, string](d, "pages")
	in.PipeAt("probe", "/health", 1)
	in.PipeAt("ann", "/", 2)
	fmt.Println(out.Text())
	// Output: ann=/@2
}

func ExampleMap() {
	b := topology.New()
	visits := topology.Stream[string, string](b, "visits") // who, and which page
	topology.To(topology.Map(visits, func(who, page string) (string, string) { return page, who }), "visitors")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "visits"), streamstest.Out[string, string](d, "visitors")
	in.PipeAt("ann", "/help", 1)
	fmt.Println(out.Text())
	// Output: /help=ann@1
}

// processor.Null as error makes the value null, which deletes a row of a table
// behind the topic.
func ExampleMapErr() {
	b := topology.New()
	stock := topology.Stream[string, string](b, "stock")
	topology.To(topology.MapErr(stock, func(item, left string) (string, int64, error) {
		n, err := strconv.ParseInt(left, 10, 64)
		if err == nil && n == 0 {
			err = processor.Null
		}
		return strings.ToUpper(item), n, err
	}), "available", topology.ValueSerde(serde.DecimalInt64))

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "stock"), streamstest.Out[string, int64](d, "available")
	in.PipeAt("tea", "7", 1)
	in.PipeAt("tea", "0", 2)
	fmt.Println(out.Text())
	// Output: TEA=7@1, TEA=null@2
}

func ExampleMapValues() {
	b := topology.New()
	lines := topology.Stream[string, string](b, "lines")
	topology.To(topology.MapValues(lines, strings.ToUpper), "loud")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "lines"), streamstest.Out[string, string](d, "loud")
	in.PipeAt("k", "hello", 1)
	in.Send(processor.Record[string, string]{Key: "k", HasKey: true, Time: 2}) // a null stays one
	fmt.Println(out.Text())
	// Output: k=HELLO@1, k=null@2
}

func ExampleMapValuesErr() {
	b := topology.New()
	texts := topology.Stream[string, string](b, "texts")
	topology.To(topology.MapValuesErr(texts, strconv.Atoi), "numbers", topology.ValueSerde(serde.JSON[int]()))

	d := streamstest.New(nil, b, streamstest.Config{Errors: processor.Policies{
		Process: processor.Policy{Then: processor.DeadLetter}, DeadLetterTopic: "dead",
	}})
	in, out := streamstest.In[string, string](d, "texts"), streamstest.Out[string, int](d, "numbers")
	in.PipeAt("a", "42", 1)
	in.PipeAt("b", "many", 2)
	fmt.Println(out.Text(), "- dead:", streamstest.Out[string, string](d, "dead").Text())
	// Output: a=42@1 - dead: b=many@2
}

// An order becomes one record per product, under the order's key.
func ExampleFlatMapValues() {
	b := topology.New()
	orders := topology.Stream[string, string](b, "orders")
	topology.To(topology.FlatMapValues(orders, strings.Fields), "products")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "orders"), streamstest.Out[string, string](d, "products")
	in.PipeAt("1", "tea rum", 5)
	in.PipeAt("2", "", 6) // none at all
	fmt.Println(out.Text())
	// Output: 1=tea@5, 1=rum@5
}

func ExampleFlatMap() {
	b := topology.New()
	orders := topology.Stream[string, string](b, "orders")
	topology.To(topology.FlatMap(orders, func(order, products string) (pairs []topology.Pair[string, string]) {
		for _, p := range strings.Fields(products) {
			pairs = append(pairs, topology.Pair[string, string]{Key: p, Value: order})
		}
		return pairs
	}), "by-product")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "orders"), streamstest.Out[string, string](d, "by-product")
	in.PipeAt("1", "tea rum", 5)
	fmt.Println(out.Text())
	// Output: tea=1@5, rum=1@5
}

// What aggregates a stream with new keys sends it through a repartition topic.
func ExampleSelectKey() {
	b := topology.New()
	visits := topology.Stream[string, string](b, "visits")
	pages := topology.SelectKey(visits, func(_, page string) string { return page })
	topology.To(topology.Count(topology.GroupByKey(pages), "views").ToStream(), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "visits")
	in.PipeAt("ann", "/", 1)
	fmt.Println(streamstest.Out[string, string](d, "test-views-repartition").Text(), "-", streamstest.Out[string, int64](d, "out").Text())
	// Output: /=/@1 - /=1@1
}

func ExampleKStream_Peek() {
	b := topology.New()
	orders := topology.Stream[string, string](b, "orders")
	topology.To(orders.Peek(func(key, order string) { fmt.Println("passing:", key, order) }), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	streamstest.In[string, string](d, "orders").PipeAt("1", "tea", 5)
	fmt.Println(streamstest.Out[string, string](d, "out").Text())
	// Output:
	// passing: 1 tea
	// 1=tea@5
}

func ExampleKStream_ForEach() {
	b := topology.New()
	topology.Stream[string, string](b, "orders").ForEach(func(key, order string) { fmt.Println(key, order) })

	d := streamstest.New(nil, b, streamstest.Config{})
	streamstest.In[string, string](d, "orders").PipeAt("1", "tea", 5)
	// Output: 1 tea
}

// The first branch that takes a record gets it; the default branch gets what
// is left.
func ExampleKStream_Split() {
	b := topology.New()
	amounts := topology.Stream[string, int64](b, "amounts", topology.ValueSerde(serde.DecimalInt64))
	sizes := amounts.Split()
	topology.To(sizes.Branch("small", func(_ string, n int64) bool { return n < 10 }), "small")
	topology.To(sizes.Branch("medium", func(_ string, n int64) bool { return n < 100 }), "medium")
	topology.To(sizes.Default("large"), "large")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, int64](d, "amounts")
	for i, n := range []int64{7, 70, 700, 8} {
		in.PipeAt("k", n, int64(i))
	}
	for _, topic := range []string{"small", "medium", "large"} {
		fmt.Println(topic, streamstest.Out[string, int64](d, topic).Text())
	}
	// Output:
	// small k=7@0, k=8@3
	// medium k=70@1
	// large k=700@2
}

func ExampleKStream_Merge() {
	b := topology.New()
	web := topology.Stream[string, string](b, "web-orders")
	shop := topology.Stream[string, string](b, "shop-orders")
	topology.To(web.Merge(shop), "orders")

	d := streamstest.New(nil, b, streamstest.Config{})
	streamstest.In[string, string](d, "web-orders").PipeAt("1", "tea", 5)
	streamstest.In[string, string](d, "shop-orders").PipeAt("2", "rum", 6)
	fmt.Println(streamstest.Out[string, string](d, "orders").Text())
	// Output: 1=tea@5, 2=rum@6
}

// Functions that are to see nulls get them as a Maybe that is not OK; Values
// makes nulls of those again.
func ExampleWithNulls() {
	b := topology.New()
	users := topology.WithNulls(topology.Stream[string, string](b, "users"))
	filled := topology.MapValues(users, func(name processor.Maybe[string]) processor.Maybe[string] {
		switch {
		case !name.OK:
			return processor.Some("(deleted)")
		case name.Value == "":
			return processor.Maybe[string]{}
		}
		return name
	})
	topology.To(topology.Values(filled), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "users"), streamstest.Out[string, string](d, "out")
	in.Pipe("1", "ann")
	in.Pipe("2", "")
	in.PipeNull("1")
	fmt.Println(out.Text())
	// Output: 1=ann@0, 2=null@0, 1=(deleted)@0
}

// Values is the opposite of WithNulls.
func ExampleValues() {
	b := topology.New()
	users := topology.Stream[string, processor.Maybe[string]](b, "users") // sees the nulls of its topic
	known := topology.Values(users).Filter(func(_, name string) bool { return name != "" })
	topology.To(known, "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "users"), streamstest.Out[string, string](d, "out")
	in.Pipe("1", "ann")
	in.PipeNull("1")
	fmt.Println(out.Text())
	// Output: 1=ann@0
}
