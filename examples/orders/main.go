// Orders splits up the orders of a shop for those who make the products: each
// order of the topic orders becomes one record per product in the topic
// manufacturing, under the order's id. The orders themselves go to the topic
// archive as they came, byte for byte. An order's event time is its field
// created_at.
//
//	go run ./examples/orders
//	go run ./examples/orders -follow
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/examples/internal/demo"
	"github.com/millrace-io/millrace/processor"
)

func main() {
	n := flag.Int("orders", 5, "how many orders there are, one a second")
	demo.Main(func() (demo.Example, error) {
		made, err := orders(*n)
		return example(made), err
	})
}

func example(orders [][]byte) demo.Example {
	e := demo.Example{
		Config:   millrace.Config{AppID: "orders"},
		Topology: explode(),
		Topics:   map[string]int32{"orders": 1, "archive": 1, "manufacturing": 1, "dead_letters": 1},
		Output:   []string{"archive", "manufacturing", "dead_letters"},
	}
	errors := &e.Config.Errors
	errors.DeadLetterTopic = "dead_letters"
	errors.Decode.Then = processor.DeadLetter
	errors.Process.Then = processor.DeadLetter
	for _, order := range orders {
		e.Input = append(e.Input, demo.Record{Topic: "orders", Value: order})
	}
	return e
}

// orders makes n orders, the same ones each time.
func orders(n int) (list [][]byte, err error) {
	random := rand.New(rand.NewPCG(1, 2))
	created := time.Date(2022, time.September, 10, 16, 0, 1, 0, time.UTC)
	for i := range n {
		o := Order{ID: int64(i + 1), CreatedAt: created.Format(layout), CustomerID: 1 + random.IntN(1000)}
		for range 1 + random.IntN(5) {
			o.Products = append(o.Products, Product{ID: 1 + random.IntN(100), Count: 1 + random.IntN(4)})
		}
		b, err := json.Marshal(o)
		if err != nil {
			return nil, fmt.Errorf("order %d: %w", o.ID, err)
		}
		list = append(list, b)
		created = created.Add(time.Second)
	}
	return list, nil
}
