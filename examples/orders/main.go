// Orders joins the orders of a shop with all that the shop knows:
//
//	topic          is                    joined with the table        by
//	manufacturing  a product of an order -
//	lines          a product of an order products, a global one       the product's id
//	deliveries     an order              customers                    the customer's id
//	shelves        a product in stock    warehouses                   a foreign key, the warehouse's name
//	archive        an order, byte for byte as it came
//
// Each order of the topic orders becomes one record per product, under the
// order's id. An order's event time is its field created_at. The tables are
// filled before the first order; then a warehouse moves, and all that it stores
// with it.
//
//	go run ./examples/orders
//	go run ./examples/orders -follow
package main

import (
	"flag"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/examples/internal/demo"
	"github.com/millrace-io/millrace/processor"
)

func main() {
	n := flag.Int("orders", 5, "how many orders there are, one a second")
	demo.Main(func() (demo.Example, error) {
		records, err := open(*n).records()
		return example(records), err
	})
}

func example(input []demo.Record) demo.Example {
	e := demo.Example{
		Config:   millrace.Config{AppID: "orders"},
		Topology: joined(),
		Topics:   map[string]int32{},
		Input:    input,
		Output:   []string{"archive", "manufacturing", "lines", "deliveries", "shelves", "dead_letters"},
	}
	for _, topic := range append([]string{"orders", "customers", "products", "stock", "warehouses"}, e.Output...) {
		e.Topics[topic] = 1
	}
	errors := &e.Config.Errors
	errors.DeadLetterTopic = "dead_letters"
	errors.Decode.Then = processor.DeadLetter
	errors.Process.Then = processor.DeadLetter
	return e
}
