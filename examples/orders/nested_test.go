package main

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/examples/internal/demo"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// nested is an order as another shop writes it.
type nested struct {
	Order    int    `json:"order"`
	Customer string `json:"customer"`
	Products []struct {
		Product string `json:"product"`
		Amount  int    `json:"amount"`
	} `json:"products"`
}

func TestNestedJSONBecomesRows(t *testing.T) {
	b := topology.New()
	topology.Register(b, serde.JSON[nested]())
	rows := topology.FlatMapValues(topology.Stream[string, nested](b, "orders"), func(o nested) (rows []string) {
		for _, p := range o.Products {
			rows = append(rows, fmt.Sprintf("%d,%s,%d,%s", o.Order, p.Product, p.Amount, o.Customer))
		}
		return rows
	})
	topology.To(rows, "rows")

	const order = `{"order":1,"products":[{"product":"P1","amount":1},{"product":"P2","amount":1}],"customer":"C1"}`
	var out bytes.Buffer
	err := demo.Run(t.Context(), demo.Example{
		Config: millrace.Config{AppID: "nested"}, Topology: b,
		Topics: map[string]int32{"orders": 1, "rows": 1},
		Input:  []demo.Record{{Topic: "orders", Value: []byte(order)}},
		Output: []string{"rows"},
	}, demo.Options{Out: &out})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "rows\tnull\t1,P1,1,C1\nrows\tnull\t1,P2,1,C1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
