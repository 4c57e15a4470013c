package main

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Trade is one trade of a symbol, which is the key.
type Trade struct {
	Price  int64 `json:"price"` // hundredths of a cent
	Volume int64 `json:"volume"`
	Time   int64 `json:"time"` // milliseconds since 1970
}

// Bar is a minute of a symbol, or a part of one.
type Bar struct {
	Open   int64 `json:"open"`
	High   int64 `json:"high"`
	Low    int64 `json:"low"`
	Close  int64 `json:"close"`
	Volume int64 `json:"volume"`
	From   int64 `json:"from"` // time of the first trade
	To     int64 `json:"to"`   // and of the last one
}

func barOf(t Trade) Bar { return Bar{t.Price, t.Price, t.Price, t.Price, t.Volume, t.Time, t.Time} }

// both is the bar of two parts of a minute, whichever came first: open and close
// go by the time of the trades.
func both(a, b Bar) Bar {
	bar := Bar{a.Open, max(a.High, b.High), min(a.Low, b.Low), a.Close, a.Volume + b.Volume, a.From, a.To}
	if b.From < a.From {
		bar.Open, bar.From = b.Open, b.From
	}
	if b.To >= a.To {
		bar.Close, bar.To = b.Close, b.To
	}
	return bar
}

// move is by how much a price has changed, in hundredths of a percent.
func (b Bar) move() int64 { return (b.Close - b.Open) * 10_000 / b.Open }

const (
	// late is how late a trade may come.
	late = 2 * time.Second
	// jump is the move that is an alert, in hundredths of a percent.
	jump = 200
)

// bars is the whole topology.
func bars() *topology.Builder {
	b := topology.New()
	topology.Register(b, serde.JSON[Trade]())
	topology.Register(b, serde.JSON[Bar]())
	trades := topology.Stream[string, Trade](b, "trades", topology.RefuseNulls(),
		topology.Timestamps(func(r processor.Record[string, Trade], _ int64) (int64, error) { return r.Value.Time, nil }))

	parts := topology.GroupByKey(topology.MapValues(trades, barOf))
	minutes := windowing.Reduce(parts, "minutes", windowing.Tumbling(time.Minute).Grace(late), both, windowing.EmitOnClose())
	made := topology.Map(minutes.ToStream(), func(w state.Windowed[string], bar Bar) (string, Bar) { return name(w), bar })
	topology.To(made, "bars")
	alerts := topology.MapValues(made.Filter(func(_ string, bar Bar) bool { return bar.move() > jump || bar.move() < -jump }),
		func(bar Bar) string { return fmt.Sprintf("%+.2f %%", float64(bar.move())/100) })
	topology.To(alerts, "alerts")

	fives := windowing.Hopping(5*time.Minute, time.Minute).Grace(late)
	five := windowing.Aggregate(topology.GroupByKey(trades), "fives", fives, aggregate.Avg(func(t Trade) int64 { return t.Price }), windowing.EmitOnClose())
	averages := topology.Map(five.ToStream(), func(w state.Windowed[string], mean float64) (string, int64) { return name(w), int64(mean) })
	topology.To(averages, "averages", topology.ValueSerde(serde.DecimalInt64))
	return b
}

// name is what a window of a symbol is called.
func name(w state.Windowed[string]) string {
	return fmt.Sprintf("%s %s-%s", w.Key, clock(w.Start), clock(w.End))
}

func clock(ms int64) string { return time.UnixMilli(ms).UTC().Format("15:04") }
