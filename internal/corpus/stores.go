package corpus

import (
	"fmt"
	"strings"
	"time"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// Stores of Processors, and what becomes of their entries.

const historyOfTests = 10 * time.Second

func init() {
	register("shared-store", func(b *topology.Builder) {
		rates := topology.NewStore[string, int64](b, "rates")
		topology.Process(topology.Stream[string, string](b, "rates"), func(ctx processor.Context) *setRate {
			return &setRate{rates.Open(ctx)}
		}, topology.With(rates))
		prices := topology.Process(topology.Stream[string, string](b, "amounts"), func(ctx processor.Context) *applyRate {
			return &applyRate{rates.Open(ctx)}
		}, topology.With(rates))
		topology.To(prices, "out")
	})
	register("global-table", func(b *topology.Builder) {
		countries := topology.GlobalTable[string, string](b, "countries", "names")
		named := topology.Process(input(b), func(ctx processor.Context) *lookUp {
			return &lookUp{countries.Open(ctx)}
		}, topology.With(countries))
		topology.To(named, "out")
	})
	register("ttl-store", func(b *topology.Builder) {
		seen := topology.NewStore[string, bool](b, "seen", topology.TTL(historyOfTests))
		once := topology.Process(input(b), func(ctx processor.Context) *firstOnly { return &firstOnly{seen.Open(ctx)} }, topology.With(seen))
		topology.To(once, "out")
	})
	register("ttl-count", func(b *topology.Builder) {
		counts := topology.Count(topology.GroupByKey(input(b)), "counts", topology.TTL(historyOfTests))
		topology.To(counts.ToStream(), "out", numberOut)
	})
	register("versioned-store", func(b *topology.Builder) {
		prices := topology.NewVersionedStore[string, string](b, "prices", historyOfTests)
		topology.To(topology.Process(input(b), func(ctx processor.Context) *archive {
			return &archive{prices.Open(ctx)}
		}, topology.With(prices)), "out")
	})
}

// setRate keeps the last rate of each key.
type setRate struct{ rates state.KeyValue[string, int64] }

func (p *setRate) Process(r processor.Record[string, string], _ processor.Output[string, string]) error {
	return p.rates.Put(r.Key, number(r.Value))
}

// applyRate multiplies with what setRate has kept.
type applyRate struct{ rates state.KeyValue[string, int64] }

func (p *applyRate) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	rate, ok, err := p.rates.Get(r.Key)
	if err != nil {
		return err
	}
	price := "no rate"
	if ok {
		price = fmt.Sprint(number(r.Value) * rate)
	}
	r.Value = price
	return out.Forward(r)
}

// lookUp replaces a value by the row that it is the key of.
type lookUp struct {
	rows state.ReadOnly[string, string]
}

func (p *lookUp) Process(r processor.Record[string, string], out processor.Output[string, string]) (err error) {
	row, ok, err := p.rows.Get(r.Value)
	if err != nil {
		return err
	}
	if r.Value = "unknown"; ok {
		r.Value = row
	}
	return out.Forward(r)
}

// archive answers questions: "as of" is what the key was at the record's time,
// "history" what it was from then on. All other values it keeps.
type archive struct {
	prices state.Versioned[string, string]
}

func (p *archive) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	switch {
	case r.Value == "as of":
		v, since, ok, err := p.prices.GetAsOf(r.Key, r.Time)
		if err != nil {
			return err
		}
		if r.Value = "nothing"; ok {
			r.Value = fmt.Sprintf("%s since %d s", v, since/1000)
		}
		return out.Forward(r)
	case r.Value == "history":
		var versions []string
		for v := range p.prices.History(r.Key, r.Time, r.Time+historyOfTests.Milliseconds()) {
			versions = append(versions, v.Value)
		}
		r.Value = strings.Join(versions, " ")
		if err := p.prices.ScanErr(); err != nil {
			return err
		}
		return out.Forward(r)
	case !r.HasValue:
		_, err := p.prices.Delete(r.Key, r.Time)
		return err
	}
	_, err := p.prices.Put(r.Key, r.Value, r.Time)
	return err
}
