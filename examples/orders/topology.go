package main

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// layout is how the shop writes times, all of them in UTC.
const layout = "2006-01-02 15:04:05"

// joined is the whole topology.
func joined() *topology.Builder {
	b := topology.New()
	topology.Register(b, serde.JSON[Order]())
	topology.Register(b, serde.JSON[Job]())
	topology.Register(b, serde.JSON[Line]())
	topology.Register(b, serde.JSON[Customer]())
	topology.Register(b, serde.JSON[Delivery]())
	topology.Register(b, serde.JSON[Product]())
	topology.Register(b, serde.JSON[Stock]())
	topology.Register(b, serde.JSON[Warehouse]())
	topology.Register(b, serde.JSON[Shelf]())

	// What goes to the archive must not change: the orders are read as bytes, and
	// parsed in a second step.
	raw := topology.Stream[string, []byte](b, "orders", topology.TimeField(createdAt, layout, time.UTC))
	topology.To(raw, "archive")
	orders := topology.MapValuesErr(raw, parse)
	jobs := topology.FlatMap(orders, jobsOf)
	topology.To(jobs, "manufacturing")

	// Each instance has all products, so a job finds its product under the key
	// that it has, the order's. A product that is no longer sold has no line.
	products := topology.GlobalTable[string, Product](b, "products", "products-table")
	topology.To(joins.InnerGlobal(jobs, products,
		func(_ string, j Job) (string, bool) { return strconv.Itoa(j.ProductID), true },
		func(_ string, j Job, p Product) Line { return Line{j.OrderID, p.Name, j.Count, j.Count * p.Cents} }), "lines")

	// An order meets its customer where that customer is: it gets the customer's
	// key and goes through the topic orders-by-customer-repartition. The result
	// gets the order's key again. It is not brought together with anything any
	// more, so the topic that it is written to is the only one that it passes.
	customers := topology.Table[string, Customer](b, "customers", "customers-table")
	byCustomer := topology.SelectKey(orders, func(_ string, o Order) string { return strconv.Itoa(o.CustomerID) })
	deliveries := joins.LeftTable(byCustomer, customers, func(_ string, o Order, c processor.Maybe[Customer]) Delivery {
		return Delivery{o.ID, c.Value.Name, c.Value.City}
	}, topology.Name("by-customer"))
	topology.To(topology.SelectKey(deliveries, func(_ string, d Delivery) string { return orderKey(d.OrderID) }), "deliveries")

	// Two tables: a row changes with either of them. When a warehouse moves, so
	// do all products that name it.
	stock := topology.Table[string, Stock](b, "stock", "stock-table")
	warehouses := topology.Table[string, Warehouse](b, "warehouses", "warehouses-table")
	shelves := joins.ForeignKey(stock, warehouses, "shelves",
		func(_ string, s Stock) (string, bool) { return s.Warehouse, s.Warehouse != "" },
		func(_ string, s Stock, w Warehouse) Shelf { return Shelf{s.Pieces, w.Name, w.City} })
	topology.To(shelves.ToStream(), "shelves")
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
	var jobs []topology.Pair[string, Job]
	for _, p := range o.Products {
		jobs = append(jobs, topology.Pair[string, Job]{Key: orderKey(o.ID), Value: Job{OrderID: o.ID, ProductID: p.ID, Count: p.Count}})
	}
	return jobs
}

func orderKey(id int64) string { return strconv.FormatInt(id, 10) }
