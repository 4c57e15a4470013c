package topology_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// purse adds up what is paid in, and forwards what is left when it is emptied.
type purse struct {
	ctx   processor.Context
	cents state.KeyValue[string, int64]
}

func (p *purse) Process(r processor.Record[string, int64], out processor.Output[string, int64]) error {
	sum, _, err := p.cents.Get(r.Key)
	if err != nil {
		return err
	}
	if r.HasValue {
		return p.cents.Put(r.Key, sum+r.Value)
	}
	p.ctx.Commit() // soon, and not when the commit interval is over
	if err := p.cents.Delete(r.Key); err != nil {
		return err
	}
	return out.Forward(processor.NewRecord(r.Key, sum, r.Time))
}

// Two Processors share a store: what one puts in, the other takes out. They are
// in the same task for that.
func ExampleNewStore() {
	b := topology.New()
	cents := topology.NewStore[string, int64](b, "cents")
	newPurse := func(ctx processor.Context) *purse { return &purse{ctx, cents.Open(ctx)} }
	paid := topology.Stream[string, int64](b, "paid", topology.ValueSerde(serde.DecimalInt64))
	emptied := topology.Stream[string, int64](b, "emptied", topology.ValueSerde(serde.DecimalInt64))
	topology.Process(paid, newPurse, topology.With(cents))
	topology.To(topology.Process(emptied, newPurse, topology.With(cents)), "sums")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, int64](d, "paid")
	in.PipeAt("ann", 250, 1)
	in.PipeAt("ann", 100, 2)
	in.PipeAt("bob", 500, 3)
	streamstest.In[string, int64](d, "emptied").PipeNull("ann")
	fmt.Println("sums:", streamstest.Out[string, int64](d, "sums").Text())
	for key, sum := range streamstest.Store[string, int64](d, "cents").All() {
		fmt.Println("left:", key, sum)
	}
	// Output:
	// sums: ann=350@0
	// left: bob 500
}

// priced puts the price of its time behind each order; prices are in the same
// stream, as price and a number.
type priced struct {
	prices state.Versioned[string, string]
}

func (p *priced) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	if price, ok := strings.CutPrefix(r.Value, "price "); ok {
		_, err := p.prices.Put(r.Key, price, r.Time)
		return err
	}
	price, since, _, err := p.prices.GetAsOf(r.Key, r.Time)
	if err != nil {
		return err
	}
	r.Value += fmt.Sprintf(" for %s (since %d)", price, since)
	return out.Forward(r)
}

// A versioned store knows what a key was at the time of each record, however
// late that comes.
func ExampleNewVersionedStore() {
	b := topology.New()
	prices := topology.NewVersionedStore[string, string](b, "prices", time.Hour)
	events := topology.Stream[string, string](b, "events")
	topology.To(topology.Process(events, func(ctx processor.Context) *priced {
		return &priced{prices.Open(ctx)}
	}, topology.With(prices)), "priced")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "events")
	in.PipeAt("tea", "price 3", 100)
	in.PipeAt("tea", "price 4", 200)
	in.PipeAt("tea", "order 1", 250)
	in.PipeAt("tea", "order 2", 199)
	for v := range streamstest.Views[state.Versioned[string, string]](d, "prices")[0].History("tea", 0, 300) {
		fmt.Println(v.Value, "since", v.FromMs)
	}
	fmt.Println(streamstest.Out[string, string](d, "priced").Text())
	// Output:
	// 4 since 200
	// 3 since 100
	// tea=order 1 for 4 (since 200)@250, tea=order 2 for 3 (since 100)@199
}

// A versioned table is not spoilt by an update that comes late: it goes into
// the history.
func ExampleVersioned() {
	b := topology.New()
	prices := topology.Table[string, string](b, "prices", "prices-table", topology.Versioned(time.Hour))
	topology.To(topology.Reduce(topology.GroupTable(prices, func(product, price string) topology.Pair[string, string] {
		return topology.Pair[string, string]{Key: "all", Value: product + "=" + price}
	}), "list", func(row, value string) string { return row + " " + value },
		topology.Subtract(func(row, value string) string { return strings.TrimSpace(strings.Replace(row, value, "", 1)) })).ToStream(), "lists")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "prices")
	in.PipeAt("tea", "4", 200)
	in.PipeAt("tea", "3", 100)
	fmt.Println(streamstest.Out[string, string](d, "lists").Text())
	// Output: all=tea=4@200
}

// Who has not come for a day is forgotten, by the times of the records: the
// next visit is the first one.
func ExampleTTL() {
	b := topology.New()
	visits := topology.Stream[string, string](b, "visits")
	recent := topology.Count(topology.GroupByKey(visits), "recent-visits", topology.TTL(24*time.Hour))
	topology.To(recent.ToStream(), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "visits")
	hour := time.Hour.Milliseconds()
	in.PipeAt("ann", "/", 0)
	in.PipeAt("ann", "/", 1*hour)
	in.PipeAt("bob", "/", 20*hour)
	in.PipeAt("bob", "/", 25*hour) // a day after ann's last one
	in.PipeAt("ann", "/", 26*hour)
	for _, r := range streamstest.Out[string, int64](d, "out").All() {
		fmt.Println(r.Key, r.Value)
	}
	// Output:
	// ann 1
	// ann 2
	// bob 1
	// bob 2
	// ann 1
}

// The rows of a derived table are in a store of its own, which queries find,
// and the function is called once for each update.
func ExampleStored() {
	b := topology.New()
	names := topology.Table[string, string](b, "names", "names-table")
	topology.MapTable(names, strings.ToUpper, topology.Stored("loud-names"))

	d := streamstest.New(nil, b, streamstest.Config{})
	streamstest.In[string, string](d, "names").Pipe("1", "ann")
	fmt.Println(streamstest.Store[string, string](d, "loud-names").Get("1"))
	fmt.Println(streamstest.Out[string, string](d, d.ChangelogTopic("loud-names")).Len())
	// Output:
	// ANN true
	// 1
}

// A count that may begin again when its task moves needs no changelog topic.
func ExampleUnlogged() {
	b := topology.New()
	visits := topology.Stream[string, string](b, "visits")
	topology.To(topology.Count(topology.GroupByKey(visits), "visits", topology.Unlogged()).ToStream(), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in := streamstest.In[string, string](d, "visits")
	in.PipeAt("ann", "/", 1)
	in.PipeAt("ann", "/", 2)
	d.Restart() // what was in memory is gone
	in.PipeAt("ann", "/", 3)
	fmt.Println(streamstest.Out[string, int64](d, "out").Text())
	// Output: ann=1@1, ann=2@2, ann=1@3
}
