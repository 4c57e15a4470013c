package corpus

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// The values of package aggregate. Results are written as text, numbers in
// decimal and lists as JSON.

func init() {
	const limit = 3
	self := strings.Clone
	textsOut := topology.Serdes(serde.String, serde.JSON[[]string]())
	numbersOut := topology.Serdes(serde.String, serde.JSON[[]int64]())
	floatOut := topology.Serdes(serde.String, serde.JSON[float64]())

	aggregation("first", aggregate.First(self), textOut)
	aggregation("last", aggregate.Last(self), textOut)
	aggregation("top", aggregate.TopN(number, 2, cmp.Compare[int64]), numbersOut)
	aggregation("distinct", aggregate.Distinct(self, limit), numberOut)
	aggregation("approx-distinct", aggregate.ApproxDistinct(self, 0), numberOut)
	aggregation("collect-list", aggregate.CollectList(self, limit), textsOut)
	aggregation("collect-set", aggregate.CollectSet(self, limit), textsOut)
	aggregation("min", aggregate.Min(number), numberOut)
	aggregation("max", aggregate.Max(number), numberOut)
	aggregation("sum", aggregate.Sum(number), numberOut)
	aggregation("avg", aggregate.Avg(number), floatOut)
	isKnown := func(v string) bool { return v != "unknown" }
	aggregation("where", aggregate.Combine2(aggregate.Count[string](), aggregate.Where(isKnown, aggregate.Sum(number)),
		func(n, sum int64) string { return fmt.Sprintf("%d values, sum %d", n, sum) }), textOut)
	register("distinct-of-table", func(b *topology.Builder) {
		topology.To(topology.Aggregate(byFirst(b), "distinct", aggregate.Distinct(self, limit)).ToStream(), "out", numberOut)
	})
}

// aggregation is a topology that aggregates the values of each key.
func aggregation[A, R any](name string, a aggregate.Aggregation[string, A, R], out topology.Option) {
	register(name, func(b *topology.Builder) {
		topology.To(topology.Aggregate(topology.GroupByKey(input(b)), "rows", a).ToStream(), "out", out)
	})
}
