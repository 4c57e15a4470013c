package corpus

import (
	"fmt"
	"strings"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// Topologies are all topologies of the corpus, by name. Each call describes a
// topology anew.
var Topologies = map[string]func() *topology.Builder{}

func register(name string, add func(b *topology.Builder)) {
	Topologies[name] = func() *topology.Builder {
		b := topology.New()
		add(b)
		return b
	}
}

func init() {
	register("word-count", func(b *topology.Builder) {
		lines := topology.Stream[string, string](b, "lines")
		words := topology.FlatMapValues(lines, strings.Fields)
		counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts")
		topology.To(counts.ToStream(), "totals", numberOut)
	})
	register("map", func(b *topology.Builder) {
		swapped := topology.Map(input(b), func(k, v string) (string, string) { return v, k })
		topology.To(swapped, "out")
	})
	register("map-values-err", func(b *topology.Builder) {
		topology.To(topology.MapValuesErr(input(b), func(v string) (int64, error) {
			switch v {
			case "none":
				return 0, processor.Null
			case "bad":
				return 0, fmt.Errorf("a value that is no number")
			}
			return number(v), nil
		}), "out", numberOut)
	})
	register("filter-not", func(b *topology.Builder) { topology.To(input(b).FilterNot(even), "out") })
	register("flat-map", func(b *topology.Builder) {
		letters := topology.FlatMap(input(b), func(k, v string) (pairs []topology.Pair[string, string]) {
			for _, letter := range strings.Split(v, "") {
				pairs = append(pairs, topology.Pair[string, string]{Key: letter, Value: k})
			}
			return pairs
		})
		topology.To(letters, "out")
	})
	register("split", func(b *topology.Builder) {
		split := input(b).Split()
		topology.To(split.Branch("short", func(_, v string) bool { return len(v) < 3 }), "short")
		topology.To(split.Branch("even", even), "even")
	})
	register("merge", func(b *topology.Builder) {
		left := topology.Stream[string, string](b, "left")
		topology.To(left.Merge(topology.Stream[string, string](b, "right")), "out")
	})
	register("with-nulls", func(b *topology.Builder) {
		topology.To(topology.MapValues(topology.WithNulls(input(b)), func(v processor.Maybe[string]) string {
			if !v.OK {
				return "nothing"
			}
			return v.Value
		}), "out", textOut)
	})
	register("repartition", func(b *topology.Builder) {
		byValue := topology.SelectKey(input(b), func(_, v string) string { return v })
		topology.To(topology.Repartition(byValue, "by-value", topology.Partitions(3)), "out")
	})
	register("to-chosen", func(b *topology.Builder) {
		topology.ToChosen(input(b), func(_, v string) string {
			if v == "skip" {
				return ""
			}
			return "out-" + v
		})
	})
	register("combine", func(b *topology.Builder) {
		of := func(v string) int64 { return number(v) }
		stats := aggregate.Combine3(aggregate.Count[string](), aggregate.Sum(of), aggregate.Max(of),
			func(n, sum, most int64) string { return fmt.Sprintf("%d:%d:%d", n, sum, most) })
		topology.To(topology.Aggregate(topology.GroupByKey(input(b)), "stats", stats).ToStream(), "out", textOut)
	})
	register("once", func(b *topology.Builder) {
		seen := topology.NewStore[string, bool](b, "seen")
		once := topology.Process(input(b), func(ctx processor.Context) *firstOnly { return &firstOnly{seen.Open(ctx)} }, topology.With(seen))
		topology.To(once, "out")
	})
	register("json", func(b *topology.Builder) {
		topology.Register(b, serde.JSON[order]())
		orders := topology.Stream[string, order](b, "orders")
		spent := topology.Aggregate(topology.GroupByKey(orders), "spent", aggregate.Sum(func(o order) int64 { return o.Amount }))
		topology.To(spent.ToStream(), "totals", numberOut)
	})
}

type order struct {
	Amount int64 `json:"amount"`
}

// firstOnly lets the first record of each key pass.
type firstOnly struct {
	seen state.KeyValue[string, bool]
}

func (p *firstOnly) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	if _, seen, err := p.seen.Get(r.Key); err != nil || seen {
		return err
	}
	if err := p.seen.Put(r.Key, true); err != nil {
		return err
	}
	return out.Forward(r)
}
