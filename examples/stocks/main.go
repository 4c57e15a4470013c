// Stocks makes bars of trades: for each symbol and minute the first, the highest,
// the lowest and the last price and the volume, and for each five minutes, every
// minute, the average price. A minute in which a price has moved by more than two
// percent is an alert.
//
// The topic trades holds ten minutes of two symbols, as JSON, some of the trades
// up to a second late. Bars are written once, when they can no longer change.
//
//	go run ./examples/stocks
package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/examples/internal/demo"
)

func main() { demo.Main(func() (demo.Example, error) { return example(), nil }) }

func example() demo.Example {
	e := demo.Example{
		Config:   millrace.Config{AppID: "stocks"},
		Topology: bars(),
		Topics:   map[string]int32{"trades": 1, "bars": 1, "averages": 1, "alerts": 1},
		Output:   []string{"bars", "averages", "alerts"},
	}
	for _, t := range input() {
		e.Input = append(e.Input, demo.Record{
			Topic: "trades", Key: []byte(t.symbol),
			Value: fmt.Appendf(nil, `{"price":%d,"volume":%d,"time":%d}`, t.Price, t.Volume, t.Time),
		})
	}
	return e
}

// sold is a trade as it is sent.
type sold struct {
	Trade
	symbol string
}

// input is the same each time. In the fifth minute ACME falls by three percent.
func input() (trades []sold) {
	random := rand.New(rand.NewPCG(1, 2))
	begin := time.Date(2024, time.January, 2, 14, 30, 0, 0, time.UTC)
	price := map[string]int64{"ACME": 1_000_000, "INIT": 250_000}
	for i := range 6000 {
		symbol := []string{"ACME", "INIT"}[random.IntN(2)]
		at := time.Duration(i) * 100 * time.Millisecond
		price[symbol] += price[symbol] / 100_000 * random.Int64N(5) * int64(random.IntN(3)-1)
		if i == 2700 {
			price["ACME"] -= price["ACME"] * 3 / 100
		}
		if random.IntN(20) == 0 {
			at -= min(at, time.Second)
		}
		trades = append(trades, sold{Trade{price[symbol], 1 + random.Int64N(100), begin.Add(at).UnixMilli()}, symbol})
	}
	return trades
}
