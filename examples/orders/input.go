package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/examples/internal/demo"
)

// shop is what the topics hold.
type shop struct {
	orders     []Order
	customers  map[int]Customer
	products   map[int]Product
	stock      map[int]Stock
	warehouses []Warehouse // one that is there twice has moved
}

// opened is when the shop has filled its tables. Orders come an hour later.
var opened = time.Date(2022, time.September, 10, 15, 0, 1, 0, time.UTC)

// open is a shop with n orders, the same ones each time, and with the rows that
// they need: of every fourth customer nothing is known, and products whose ids
// end in 0 are no longer sold.
func open(n int) shop {
	s := shop{customers: map[int]Customer{}, products: map[int]Product{}, stock: map[int]Stock{}}
	s.warehouses = []Warehouse{{"north", "Oslo"}, {"south", "Rome"}, {"west", "Porto"}, {"north", "Turku"}}
	random := rand.New(rand.NewPCG(1, 2))
	created := opened.Add(time.Hour)
	for i := range n {
		o := Order{ID: int64(i + 1), CreatedAt: created.Format(layout), CustomerID: 1 + random.IntN(1000)}
		for range 1 + random.IntN(5) {
			o.Products = append(o.Products, Ordered{ID: 1 + random.IntN(100), Count: 1 + random.IntN(4)})
		}
		s.orders = append(s.orders, o)
		created = created.Add(time.Second)
	}
	for _, o := range s.orders {
		if id := o.CustomerID; id%4 > 0 {
			s.customers[id] = Customer{fmt.Sprint("customer ", id), []string{"Bergen", "Lyon", "Graz"}[id%3]}
		}
		for _, p := range o.Products {
			if p.ID%10 > 0 {
				s.products[p.ID] = Product{fmt.Sprint("product ", p.ID), 5 * p.ID}
			}
			s.stock[p.ID] = Stock{10 * p.ID, s.warehouses[p.ID%3].Name}
		}
	}
	return s
}

// records are what the shop holds as records: tables first.
func (s shop) records() (list []demo.Record, err error) {
	add := func(topic, key string, value any, at time.Time) {
		b, e := json.Marshal(value)
		err = errors.Join(err, e)
		r := demo.Record{Topic: topic, Value: b, Time: at}
		if key != "" {
			r.Key = []byte(key)
		}
		list = append(list, r)
	}
	for id := range 1001 {
		key := strconv.Itoa(id)
		if c, ok := s.customers[id]; ok {
			add("customers", key, c, opened)
		}
		if p, ok := s.products[id]; ok {
			add("products", key, p, opened)
		}
		if at, ok := s.stock[id]; ok {
			add("stock", key, at, opened)
		}
	}
	for i, w := range s.warehouses {
		add("warehouses", w.Name, w, opened.Add(time.Duration(i)*time.Minute))
	}
	for _, o := range s.orders {
		add("orders", "", o, time.Time{})
	}
	return list, err
}
