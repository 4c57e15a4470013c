package topology_test

import (
	"fmt"
	"strings"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// A topic of prices as a table: null deletes a row. Whoever follows the table
// gets what changes in it.
func ExampleTable() {
	b := topology.New()
	prices := topology.Table[string, string](b, "prices", "prices")
	topology.To(prices.ToStream(), "changes")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "prices"), streamstest.Out[string, string](d, "changes")
	in.PipeAt("tea", "3.00", 10)
	in.PipeAt("tea", "2.80", 5) // older, and still the last word
	in.PipeAt("rum", "9.00", 11)
	in.PipeNull("rum")
	fmt.Println(out.Text())
	for name, price := range streamstest.Store[string, string](d, "prices").All() {
		fmt.Println(name, price)
	}
	// Output:
	// tea=3.00@10, tea=2.80@5, rum=9.00@11, rum=null@0
	// tea 2.80
}

func ExampleKTable_ToStream() {
	b := topology.New()
	moods := topology.Table[string, string](b, "moods", "moods")
	topology.To(moods.ToStream().Filter(func(_, mood string) bool { return mood == "bad" }), "alerts")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "moods"), streamstest.Out[string, string](d, "alerts")
	in.PipeAt("ann", "good", 1)
	in.PipeAt("ann", "bad", 2)
	fmt.Println(out.Text())
	// Output: ann=bad@2
}

// A stream of keys of its own choosing goes through a repartition topic, here
// app-rooms-repartition, on its way into a table.
func ExampleToTable() {
	b := topology.New()
	moves := topology.Stream[string, string](b, "moves") // who, and where to
	rooms := topology.ToTable(topology.Map(moves, func(who, room string) (string, string) { return room, who }), "rooms")
	topology.To(rooms.ToStream(), "last-in-room")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "moves"), streamstest.Out[string, string](d, "last-in-room")
	in.PipeAt("ann", "attic", 1)
	in.PipeAt("bob", "attic", 2)
	fmt.Println(out.Text())
	// Output: attic=ann@1, attic=bob@2
}

// What no longer passes is deleted; what never passed leaves no trace.
func ExampleKTable_Filter() {
	b := topology.New()
	stock := topology.Table[string, int64](b, "stock", "stock", topology.ValueSerde(serde.DecimalInt64))
	short := stock.Filter(func(_ string, n int64) bool { return n < 10 })
	topology.To(short.ToStream(), "short")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, int64](d, "stock"), streamstest.Out[string, int64](d, "short")
	in.PipeAt("nails", 50, 1)
	in.PipeAt("glue", 5, 2)
	in.PipeAt("glue", 4, 3)
	in.PipeAt("glue", 40, 4)
	fmt.Println(out.Text())
	// Output: glue=5@2, glue=4@3, glue=null@4
}

func ExampleKTable_FilterNot() {
	b := topology.New()
	states := topology.Table[string, string](b, "states", "states")
	topology.To(states.FilterNot(func(_, state string) bool { return state == "closed" }).ToStream(), "open")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "states"), streamstest.Out[string, string](d, "open")
	in.PipeAt("door", "ajar", 1)
	in.PipeAt("door", "closed", 2)
	in.PipeAt("door", "closed", 3)
	fmt.Println(out.Text())
	// Output: door=ajar@1, door=null@2
}

// Without Stored the lengths take no memory: they are computed where they are
// needed.
func ExampleMapTable() {
	b := topology.New()
	names := topology.Table[string, string](b, "names", "names")
	lengths := topology.MapTable(names, func(name string) int64 { return int64(len(name)) },
		topology.Stored("lengths"), topology.ValueSerde(serde.DecimalInt64))
	topology.To(lengths.ToStream(), "out")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "names"), streamstest.Out[string, int64](d, "out")
	in.PipeAt("1", "Ada", 1)
	in.PipeAt("1", "Grace", 2)
	in.PipeNull("1")
	fmt.Println(out.Text())
	// Output: 1=3@1, 1=5@2, 1=null@0
}

// The function knows keys and nulls, and may make either.
func ExampleTransformTable() {
	b := topology.New()
	names := topology.Table[string, string](b, "names", "names")
	shown := topology.TransformTable(names, func(id string, name processor.Maybe[string]) processor.Maybe[string] {
		switch {
		case !name.OK:
			return processor.Some("deleted user " + id)
		case name.Value == "root":
			return processor.Maybe[string]{}
		default:
			return name
		}
	})
	topology.To(shown.ToStream(), "shown")

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "names"), streamstest.Out[string, string](d, "shown")
	in.PipeAt("7", "Ada", 1)
	in.PipeNull("7")
	in.PipeAt("0", "root", 2)
	fmt.Println(out.Text())
	// Output: 7=Ada@1, 7=deleted user 7@0, 0=null@2
}

// People by town: who moves leaves the one count before getting to the other.
func ExampleGroupTable() {
	b := topology.New()
	homes := topology.Table[string, string](b, "homes", "homes")
	towns := topology.GroupTable(homes, func(who, town string) topology.Pair[string, string] {
		return topology.Pair[string, string]{Key: town, Value: who}
	})
	topology.To(topology.Count(towns, "inhabitants").ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, string](d, "homes"), streamstest.Out[string, int64](d, "out")
	in.PipeAt("ann", "Ulm", 1)
	in.PipeAt("bob", "Ulm", 2)
	in.PipeAt("ann", "Bern", 3)
	in.PipeNull("bob")
	fmt.Println(out.Text())
	// Output: Ulm=1@1, Ulm=2@2, Ulm=1@3, Bern=1@3, Ulm=0@3
}

func ExampleSubtract() {
	b := topology.New()
	debts := topology.Table[string, int64](b, "debts", "debts", topology.ValueSerde(serde.DecimalInt64))
	families := topology.GroupTable(debts, func(who string, n int64) topology.Pair[string, int64] {
		_, family, _ := strings.Cut(who, " ")
		return topology.Pair[string, int64]{Key: family, Value: n}
	})
	sums := topology.Reduce(families, "family-debts", func(sum, n int64) int64 { return sum + n },
		topology.Subtract(func(sum, n int64) int64 { return sum - n }))
	topology.To(sums.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))

	d := streamstest.New(nil, b, streamstest.Config{})
	in, out := streamstest.In[string, int64](d, "debts"), streamstest.Out[string, int64](d, "out")
	in.PipeAt("Ann Lee", 10, 1)
	in.PipeAt("Bob Lee", 5, 2)
	in.PipeAt("Ann Lee", 7, 3)
	fmt.Println(out.Text())
	// Output: Lee=10@1, Lee=15@2, Lee=12@3
}
