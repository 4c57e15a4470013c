package corpus

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// The first rows of groups.

func init() {
	register("top-of-windows", func(b *topology.Builder) {
		counts := windowing.Count(topology.GroupByKey(input(b)), "counts", windowing.Tumbling(time.Minute), kept)
		minute := func(w state.Windowed[string]) string { return fmt.Sprint(w.Start/60_000, "min") }
		top := windowing.Top(counts, "top", 2, minute, func(n int64) float64 { return float64(n) }, topology.TTL(2*time.Minute))
		topology.To(topology.MapTable(top, rankedText[state.Windowed[string], int64]).ToStream(), "out", textOut)
	})
	register("ranks", func(b *topology.Builder) {
		type row = state.Windowed[string]
		counts := windowing.Count(topology.GroupByKey(input(b)), "counts", windowing.Tumbling(time.Minute), kept)
		minute := func(w row) string { return fmt.Sprint(w.Start/60_000, "min") }
		lists := windowing.Top(counts, "ranks", math.MaxInt, minute, func(n int64) float64 { return float64(n) }, topology.TTL(2*time.Minute))
		each := topology.FlatMap(lists.ToStream(), func(_ string, list []windowing.Ranked[row, int64]) (rows []topology.Pair[row, int64]) {
			for _, r := range list {
				rows = append(rows, topology.Pair[row, int64]{Key: r.Key, Value: int64(r.Rank)})
			}
			return rows
		})
		topology.To(each, "out", topology.Serdes(state.WindowedSerde(serde.String, time.Minute), serde.DecimalInt64))
	})
	register("top-of-table", func(b *topology.Builder) {
		all := func(string) string { return "all" }
		top := windowing.Top(rows(b), "top", 2, all, func(v string) float64 { return float64(len(v)) })
		topology.To(topology.MapTable(top, rankedText[string, string]).ToStream(), "out", textOut)
	})
}

func rankedText[K, R any](list []windowing.Ranked[K, R]) string {
	var words []string
	for _, r := range list {
		key, _, _ := strings.Cut(fmt.Sprint(r.Key), "@") // without the window
		words = append(words, fmt.Sprintf("%d:%s=%v", r.Rank, key, r.Row))
	}
	return strings.Join(words, " ")
}
