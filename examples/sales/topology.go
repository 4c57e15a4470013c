package main

import (
	"strconv"
	"strings"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// Sale is one line of an order.
type Sale struct {
	OrderID  string  `json:"order_id"`
	Product  string  `json:"product"`
	Quantity int     `json:"quantity"`
	Price    float64 `json:"price"`
}

// Total is what the sale is worth.
func (s Sale) Total() float64 { return float64(s.Quantity) * s.Price }

// sales is the whole topology. A null sale, which a blank line can be taken
// for, gets a row without a key in order_totals and does not count.
func sales() *topology.Builder {
	b := topology.New()
	topology.Register(b, serde.JSON[Sale]())
	sold := topology.Stream[string, Sale](b, "sales_topic")
	totals := topology.MapValues(topology.SelectKey(sold, orderOf), Sale.Total)
	topology.To(totals, "order_totals", topology.ValueSerde[float64](money{}))

	all := topology.GroupBy(sold, func(string, Sale) string { return "all" })
	running := topology.Aggregate(all, "running", aggregate.Sum(Sale.Total))
	topology.To(running.ToStream(), "running_total", topology.ValueSerde[float64](money{}))
	return b
}

func orderOf(_ string, s Sale) string { return s.OrderID }

// money is an amount as text, with one decimal at least: 125.0 and 0.25.
type money struct{}

func (money) Append(dst []byte, v float64) ([]byte, error) {
	start := len(dst)
	dst = strconv.AppendFloat(dst, v, 'f', -1, 64)
	if !strings.Contains(string(dst[start:]), ".") {
		dst = append(dst, ".0"...)
	}
	return dst, nil
}

func (money) Decode(b []byte) (float64, error) { return strconv.ParseFloat(string(b), 64) }
