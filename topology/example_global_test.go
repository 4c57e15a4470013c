package topology_test

import (
	"fmt"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
)

// withCountry adds the name of a country to orders that have its code.
type withCountry struct {
	countries state.ReadOnly[string, string]
}

func (p withCountry) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	name, ok, err := p.countries.Get(r.Value)
	if err != nil {
		return err
	}
	if !ok {
		name = "unknown"
	}
	r.Value += " (" + name + ")"
	return out.Forward(r)
}

// A Processor looks rows up by any key: each instance has all of them, whatever
// partitions it processes.
func ExampleGlobalTable() {
	b := topology.New()
	countries := topology.GlobalTable[string, string](b, "countries", "countries-table")
	orders := topology.Stream[string, string](b, "orders")
	named := topology.Process(orders, func(ctx processor.Context) withCountry {
		return withCountry{countries.Open(ctx)}
	}, topology.With(countries))
	topology.To(named, "named-orders")

	d := streamstest.New(nil, b, streamstest.Config{Partitions: map[string]int{"orders": 3, "countries": 2}})
	rows := streamstest.In[string, string](d, "countries")
	in := streamstest.In[string, string](d, "orders")
	rows.Pipe("at", "Austria")
	rows.Pipe("fr", "France")
	in.Pipe("order-1", "at")
	in.Pipe("order-2", "nl")
	rows.Pipe("nl", "Netherlands")
	in.Pipe("order-3", "nl")
	for _, r := range streamstest.Out[string, string](d, "named-orders").All() {
		fmt.Println(r.Key, r.Value)
	}
	// Output:
	// order-1 at (Austria)
	// order-2 nl (unknown)
	// order-3 nl (Netherlands)
}
