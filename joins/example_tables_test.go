package joins_test

import (
	"fmt"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// What is in stock at which price: of goods that have both.
func ExampleInnerTables() {
	b := topology.New()
	stock := topology.Table[string, int64](b, "stock", "stock")
	prices := topology.Table[string, int64](b, "prices", "prices")
	worth := joins.InnerTables(stock, prices, func(_ string, pieces, price int64) int64 { return pieces * price })
	topology.To(worth.ToStream(), "worth", topology.ValueSerde(serde.Int64))

	d := streamstest.New(nil, b, streamstest.Config{})
	pieces, price := streamstest.In[string, int64](d, "stock"), streamstest.In[string, int64](d, "prices")
	pieces.PipeAt("tea", 10, 1)
	price.PipeAt("tea", 3, 2)
	price.PipeAt("rum", 9, 3)
	pieces.PipeAt("tea", 8, 4)
	fmt.Println(streamstest.Out[string, int64](d, "worth").Text())
	// Output: tea=30@2, tea=24@4
}

// Everybody who is known, with or without a seat.
func ExampleLeftTables() {
	b := topology.New()
	people := topology.Table[string, string](b, "people", "people")
	seats := topology.Table[string, string](b, "seats", "seats")
	topology.To(joins.LeftTables(people, seats, func(_, name string, seat processor.Maybe[string]) string {
		if !seat.OK {
			return name + " stands"
		}
		return name + " sits in " + seat.Value
	}).ToStream(), "out", topology.ValueSerde(serde.String))

	d := streamstest.New(nil, b, streamstest.Config{})
	streamstest.In[string, string](d, "people").PipeAt("a", "Ann", 1)
	streamstest.In[string, string](d, "seats").PipeAt("a", "12F", 2)
	fmt.Println(streamstest.Out[string, string](d, "out").Text())
	// Output: a=Ann stands@1, a=Ann sits in 12F@2
}

// The mirror image of LeftTables.
func ExampleRightTables() {
	b := topology.New()
	seats := topology.Table[string, string](b, "seats", "seats")
	people := topology.Table[string, string](b, "people", "people")
	topology.To(joins.RightTables(seats, people, func(_ string, seat processor.Maybe[string], name string) string {
		return name + ":" + seat.Value
	}).ToStream(), "out", topology.ValueSerde(serde.String))

	d := streamstest.New(nil, b, streamstest.Config{})
	streamstest.In[string, string](d, "people").PipeAt("a", "Ann", 1)
	streamstest.In[string, string](d, "seats").PipeAt("a", "12F", 2)
	fmt.Println(streamstest.Out[string, string](d, "out").Text())
	// Output: a=Ann:@1, a=Ann:12F@2
}

// What differs between two lists.
func ExampleOuterTables() {
	b := topology.New()
	ordered := topology.Table[string, int64](b, "ordered", "ordered")
	counted := topology.Table[string, int64](b, "counted", "counted")
	differs := joins.OuterTables(ordered, counted, func(_ string, l, r processor.Maybe[int64]) int64 { return r.Value - l.Value })
	topology.To(differs.ToStream(), "differs", topology.ValueSerde(serde.Int64))

	d := streamstest.New(nil, b, streamstest.Config{})
	streamstest.In[string, int64](d, "ordered").PipeAt("tea", 10, 1)
	streamstest.In[string, int64](d, "counted").PipeAt("rum", 2, 2)
	streamstest.In[string, int64](d, "counted").PipeAt("tea", 9, 3)
	fmt.Println(streamstest.Out[string, int64](d, "differs").Text())
	// Output: tea=-10@1, rum=2@2, tea=-1@3
}

type person struct{ Name, Email, City string }

func (p person) String() string { return p.Name + " <" + p.Email + "> " + p.City }

// One operator for three tables, of which one is required.
func ExampleTables() {
	b := topology.New()
	names := topology.Table[string, string](b, "names", "names")
	emails := topology.Table[string, string](b, "emails", "emails")
	cities := topology.Table[string, string](b, "cities", "cities")
	people := joins.Tables("people",
		joins.Required(names, func(p *person, name string) { p.Name = name }),
		joins.Optional(emails, func(p *person, email string) { p.Email = email }),
		joins.Optional(cities, func(p *person, city string) { p.City = city }))
	topology.To(topology.MapTable(people, person.String).ToStream(), "people", topology.ValueSerde(serde.String))

	d := streamstest.New(nil, b, streamstest.Config{})
	streamstest.In[string, string](d, "emails").PipeAt("a", "ann@example.org", 1)
	streamstest.In[string, string](d, "names").PipeAt("a", "Ann", 2)
	streamstest.In[string, string](d, "cities").PipeAt("a", "Ulm", 3)
	fmt.Println(streamstest.Out[string, string](d, "people").Text())
	// Output: a=Ann <ann@example.org> @2, a=Ann <ann@example.org> Ulm@3
}

// Orders with what two tables know of the customer.
func ExampleEnrich() {
	b := topology.New()
	names := topology.Table[string, string](b, "names", "names")
	cities := topology.Table[string, string](b, "cities", "cities")
	orders := topology.Stream[string, string](b, "orders")
	sent := joins.Enrich(orders, "parcels", func(_, goods string) person { return person{Email: goods} },
		joins.Required(names, func(p *person, name string) { p.Name = name }),
		joins.Optional(cities, func(p *person, city string) { p.City = city }))
	topology.To(topology.MapValues(sent, person.String), "parcels", topology.ValueSerde(serde.String))

	d := streamstest.New(nil, b, streamstest.Config{})
	streamstest.In[string, string](d, "names").PipeAt("a", "Ann", 1)
	streamstest.In[string, string](d, "orders").PipeAt("a", "tea", 2)
	streamstest.In[string, string](d, "orders").PipeAt("b", "rum", 3) // nobody is known by that key
	fmt.Println(streamstest.Out[string, string](d, "parcels").Text())
	// Output: a=Ann <tea> @2
}
