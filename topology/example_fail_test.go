package topology_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// errText is what the functions of these examples return: errors show up in
// logs and metrics, where the values of records do not belong.
var errText = errors.New("the text has another form")

// skipping goes on behind a record whose function has failed.
var skipping = streamstest.Config{Errors: processor.Policies{Process: processor.Policy{Then: processor.Skip}}}

// domain is what is behind the @ of an address.
func domain(_, address string) (string, error) {
	_, domain, ok := strings.Cut(address, "@")
	if !ok {
		return "", errText
	}
	return domain, nil
}

func ExampleSelectKeyErr() {
	b := topology.New()
	addresses := topology.Stream[string, string](b, "addresses")
	topology.To(topology.SelectKeyErr(addresses, domain), "by-domain")

	d := streamstest.New(nil, b, skipping)
	in := streamstest.In[string, string](d, "addresses")
	in.PipeAt("1", "ann@example.org", 1)
	in.PipeAt("2", "bob", 2)
	fmt.Println(streamstest.Out[string, string](d, "by-domain").Text())
	// Output: example.org=ann@example.org@1
}

// One record that fails takes all that it would have become with it.
func ExampleFlatMapErr() {
	b := topology.New()
	orders := topology.Stream[string, string](b, "orders") // products and how many, as in tea:2
	topology.To(topology.FlatMapErr(orders, func(order, items string) (pairs []topology.Pair[string, int64], err error) {
		for _, item := range strings.Fields(items) {
			product, n, _ := strings.Cut(item, ":")
			count, err := strconv.ParseInt(n, 10, 64)
			if err != nil {
				return nil, errText
			}
			pairs = append(pairs, topology.Pair[string, int64]{Key: product, Value: count})
		}
		return pairs, nil
	}), "sold")

	d := streamstest.New(nil, b, skipping)
	in := streamstest.In[string, string](d, "orders")
	in.PipeAt("1", "tea:2 rum:1", 1)
	in.PipeAt("2", "gin:4 rum:many", 2)
	fmt.Println(streamstest.Out[string, int64](d, "sold").Text())
	// Output: tea=2@1, rum=1@1
}

// The application stops at the first record that fails, unless a policy says
// something else.
func ExampleFlatMapValuesErr() {
	b := topology.New()
	lines := topology.Stream[string, string](b, "lines")
	topology.To(topology.FlatMapValuesErr(lines, func(line string) ([]string, error) {
		quoted, err := strconv.Unquote(line)
		if err != nil {
			return nil, errText
		}
		return strings.Fields(quoted), nil
	}), "words")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "lines")
	in.PipeAt("k", `"to be"`, 1)
	err := d.Try(func() { in.PipeAt("k", `"or not`, 2) })
	fmt.Println(streamstest.Out[string, string](d, "words").Text())
	fmt.Println(errors.Is(err, errText))
	// Output:
	// k=to@1, k=be@1
	// true
}

// What comes of no use is a dead letter: a record of the topic of that name,
// with what was wrong in its headers.
func ExampleKStream_ForEachErr() {
	b := topology.New()
	amounts := topology.Stream[string, string](b, "amounts")
	sum := 0
	amounts.ForEachErr(func(_, amount string) error {
		n, err := strconv.Atoi(amount)
		if err != nil {
			return errText
		}
		sum += n
		return nil
	})

	d := streamstest.New(nil, b, streamstest.Config{Errors: processor.Policies{
		Process: processor.Policy{Then: processor.DeadLetter}, DeadLetterTopic: "dead",
	}})
	in := streamstest.In[string, string](d, "amounts")
	in.PipeAt("a", "40", 1)
	in.PipeAt("b", "some", 2)
	in.PipeAt("c", "2", 3)
	fmt.Println(sum, "- dead:", streamstest.Out[string, string](d, "dead").Text())
	// Output: 42 - dead: b=some@2
}

func ExampleKStream_FilterNotErr() {
	b := topology.New()
	addresses := topology.Stream[string, string](b, "addresses")
	topology.To(addresses.FilterNotErr(func(key, address string) (bool, error) {
		from, err := domain(key, address)
		return from == "spam.example", err
	}), "welcome")

	d := streamstest.New(nil, b, skipping)
	in := streamstest.In[string, string](d, "addresses")
	in.PipeAt("1", "ann@example.org", 1)
	in.PipeAt("2", "eve@spam.example", 2)
	in.PipeAt("3", "bob", 3)
	fmt.Println(streamstest.Out[string, string](d, "welcome").Text())
	// Output: 1=ann@example.org@1
}

// A look that finds something wrong keeps the record from going on.
func ExampleKStream_PeekErr() {
	b := topology.New()
	addresses := topology.Stream[string, string](b, "addresses")
	topology.To(addresses.PeekErr(func(key, address string) error {
		_, err := domain(key, address)
		return err
	}), "checked")

	d := streamstest.New(nil, b, skipping)
	in := streamstest.In[string, string](d, "addresses")
	in.PipeAt("1", "bob", 1)
	in.PipeAt("2", "ann@example.org", 2)
	fmt.Println(streamstest.Out[string, string](d, "checked").Text())
	// Output: 2=ann@example.org@2
}

func ExampleSplitter_BranchErr() {
	b := topology.New()
	addresses := topology.Stream[string, string](b, "addresses").Split()
	topology.To(addresses.BranchErr("ours", func(key, address string) (bool, error) {
		from, err := domain(key, address)
		return from == "example.org", err
	}), "ours")
	topology.To(addresses.Default("others"), "others")

	d := streamstest.New(nil, b, skipping)
	in := streamstest.In[string, string](d, "addresses")
	in.PipeAt("1", "ann@example.org", 1)
	in.PipeAt("2", "bob", 2) // in no branch
	in.PipeAt("3", "joe@example.com", 3)
	for _, topic := range []string{"ours", "others"} {
		fmt.Println(topic, streamstest.Out[string, string](d, topic).Text())
	}
	// Output:
	// ours 1=ann@example.org@1
	// others 3=joe@example.com@3
}

// A row that cannot be looked at stays what it was.
func ExampleKTable_FilterErr() {
	b := topology.New()
	stock := topology.Table[string, string](b, "stock", "stock-table")
	topology.To(stock.FilterErr(func(_, left string) (bool, error) {
		n, err := strconv.Atoi(left)
		if err != nil {
			return false, errText
		}
		return n > 0, nil
	}).ToStream(), "available")

	d := streamstest.New(nil, b, skipping)
	in, out := streamstest.In[string, string](d, "stock"), streamstest.Out[string, string](d, "available")
	in.PipeAt("tea", "7", 1)
	in.PipeAt("tea", "some", 2)
	in.PipeAt("tea", "0", 3)
	fmt.Println(out.Text())
	// Output: tea=7@1, tea=null@3
}

// processor.Null as error makes no row.
func ExampleTransformTableErr() {
	b := topology.New()
	stock := topology.Table[string, string](b, "stock", "stock-table")
	topology.To(topology.TransformTableErr(stock, func(_ string, left processor.Maybe[string]) (processor.Maybe[int64], error) {
		n, err := strconv.ParseInt(left.Value, 10, 64)
		switch {
		case !left.OK || n == 0 && err == nil:
			return processor.Maybe[int64]{}, processor.Null
		case err != nil:
			return processor.Maybe[int64]{}, errText
		}
		return processor.Some(n), nil
	}).ToStream(), "available")

	d := streamstest.New(nil, b, skipping)
	in, out := streamstest.In[string, string](d, "stock"), streamstest.Out[string, int64](d, "available")
	in.PipeAt("tea", "7", 1)
	in.PipeAt("tea", "some", 2)
	in.PipeAt("tea", "0", 3)
	fmt.Println(out.Text())
	// Output: tea=7@1, tea=null@3
}
