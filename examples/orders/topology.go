package main

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// layout is how the shop writes times, all of them in UTC.
const layout = "2006-01-02 15:04:05"

// Order is what a customer has ordered.
type Order struct {
	ID         int64     `json:"order_id"`
	CreatedAt  string    `json:"created_at"`
	Products   []Product `json:"products"`
	CustomerID int       `json:"customer_id"`
}

// Product is one line of an order.
type Product struct {
	ID    int `json:"product_id"`
	Count int `json:"count"`
}

// Job is a product to be made for an order.
type Job struct {
	OrderID   int64 `json:"order_id"`
	ProductID int   `json:"product_id"`
	Count     int   `json:"count"`
}

// explode is the whole topology. It reads bytes and parses them in a second
// step, since what goes to the archive must not change.
func explode() *topology.Builder {
	b := topology.New()
	topology.Register(b, serde.JSON[Job]())
	raw := topology.Stream[string, []byte](b, "orders", topology.TimeField(createdAt, layout, time.UTC))
	topology.To(raw, "archive")
	jobs := topology.FlatMap(topology.MapValuesErr(raw, parse), jobsOf)
	topology.To(jobs, "manufacturing")
	return b
}

// createdAt is the field that holds an order's event time, "" if there is
// none.
func createdAt(order []byte) string {
	var o struct {
		CreatedAt string `json:"created_at"`
	}
	_ = json.Unmarshal(order, &o) // what is no order has no time either, which is an error
	return o.CreatedAt
}

func parse(order []byte) (o Order, err error) {
	err = json.Unmarshal(order, &o)
	return o, err
}

func jobsOf(_ string, o Order) []topology.Pair[string, Job] {
	id := strconv.FormatInt(o.ID, 10)
	var jobs []topology.Pair[string, Job]
	for _, p := range o.Products {
		jobs = append(jobs, topology.Pair[string, Job]{Key: id, Value: Job{OrderID: o.ID, ProductID: p.ID, Count: p.Count}})
	}
	return jobs
}
