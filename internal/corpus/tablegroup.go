package corpus

import (
	"slices"
	"strings"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/topology"
)

func init() {
	register("table-regroup-count", tableRegroupCount)
	register("table-regroup-aggregate", tableRegroupAggregate)
	register("table-group-reduce", func(b *topology.Builder) {
		amounts := topology.Table[string, string](b, "in", "rows")
		byFirst := topology.GroupTable(amounts, func(k, v string) topology.Pair[string, int64] {
			return topology.Pair[string, int64]{Key: k[:1], Value: number(v)}
		})
		sums := topology.Reduce(byFirst, "sums", func(a, b int64) int64 { return a + b },
			topology.Subtract(func(row, v int64) int64 { return row - v }))
		topology.To(sums.ToStream(), "out", numberOut)
	})
}

// byFirst regroups a table by the first character of its values.
func byFirst(b *topology.Builder) topology.KGroupedTable[string, string] {
	return topology.GroupTable(rows(b), func(_, v string) topology.Pair[string, string] {
		return topology.Pair[string, string]{Key: v[:1], Value: v}
	})
}

func tableRegroupCount(b *topology.Builder) {
	topology.To(topology.Count(byFirst(b), "counts").ToStream(), "out", numberOut)
}

func tableRegroupAggregate(b *topology.Builder) {
	sorted := aggregate.New(func() string { return "" }, func(acc, v string) (string, error) {
		values := append(strings.FieldsFunc(acc, plus), v)
		slices.Sort(values)
		return strings.Join(values, "+"), nil
	})
	sorted.Remove = func(acc, v string) (string, error) {
		values := strings.FieldsFunc(acc, plus)
		if i := slices.Index(values, v); i >= 0 {
			values = slices.Delete(values, i, i+1)
		}
		return strings.Join(values, "+"), nil
	}
	topology.To(topology.Aggregate(byFirst(b), "sorted", sorted).ToStream(), "out")
}

func plus(r rune) bool { return r == '+' }
