// Sales keeps a running total of what a shop sells.
//
// The topic sales_topic holds one sale per record, as JSON. Topic order_totals
// gets the total of each order, topic running_total the total of all of them
// after each order. Kill it in between and start it again: no sale is lost or
// counted twice.
//
//	go run ./examples/sales
//	go run ./examples/sales -blank null
//	go run ./examples/sales -follow -state /tmp/sales
package main

import (
	"flag"
	"fmt"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/examples/internal/demo"
	"github.com/millrace-io/millrace/processor"
)

func main() {
	blank := flag.String("blank", "", "put blank lines, which are no JSON, between the first three sales, and skip them (skip), write them to the topic dead_letters (dead-letter), or take them as null (null)")
	demo.Main(func() (demo.Example, error) { return example(*blank) })
}

// example is the example with or without bad input.
func example(blank string) (demo.Example, error) {
	e := demo.Example{
		Config:   millrace.Config{AppID: "sales"},
		Topology: sales(),
		Topics:   map[string]int32{"sales_topic": 1, "order_totals": 1, "running_total": 1, "dead_letters": 1},
		Input:    input(blank != ""),
		Output:   []string{"order_totals", "running_total"},
	}
	errors := &e.Config.Errors
	errors.DeadLetterTopic = "dead_letters"
	switch blank {
	case "":
	case "skip":
		errors.Decode.Then = processor.Skip
	case "dead-letter":
		errors.Decode.Then = processor.DeadLetter
		e.Output = append(e.Output, "dead_letters")
	case "null":
		errors.Decode.Then = processor.NullValue
	default:
		return e, fmt.Errorf("-blank %s: it is skip, dead-letter or null", blank)
	}
	return e, nil
}

// input is the shop's sales, or the first three with blank lines between them.
func input(blanks bool) (records []demo.Record) {
	sales := []string{
		`{"order_id":"1001","product":"Laptop","quantity":2,"price":1200.5}`,
		`{"order_id":"1002","product":"Mouse","quantity":5,"price":25.0}`,
		`{"order_id":"1003","product":"Keyboard","quantity":3,"price":45.0}`,
		`{"order_id":"1004","product":"Monitor","quantity":1,"price":250.0}`,
		`{"order_id":"1005","product":"USB-C Cable","quantity":10,"price":10.0}`,
	}
	if blanks {
		sales = []string{sales[0], "", sales[1], "", sales[2]}
	}
	for _, sale := range sales {
		records = append(records, demo.Record{Topic: "sales_topic", Value: []byte(sale)})
	}
	return records
}
