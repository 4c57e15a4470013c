package random

import (
	"cmp"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

func (o on[K, V]) fold(c call, g topology.Grouped[K, V]) any {
	if c.windows != nil {
		return foldInWindows(c, g.(any).(topology.KGroupedStream[string, V]))
	}
	switch c.op {
	case "count":
		return topology.Count(g, c.name, c.options()...)
	case "aggregate":
		return o.aggregate(c, g)
	}
	opts := c.options()
	if c.plan.steps[c.step.in[0]].shape == groupedTable {
		opts = append(opts, topology.Subtract(func(row, v V) V { return subtract(row, v).(V) }))
	}
	return topology.ReduceErr(g, c.name, reducer[V](c.reduction), opts...)
}

func reducer[V thing](r reduction) func(row, v V) (V, error) {
	return func(row, v V) (V, error) {
		made, ok := r.add(row, v)
		if !ok {
			return row, processor.Null
		}
		return made.(V), nil
	}
}

func (o on[K, V]) aggregate(c call, g topology.Grouped[K, V]) any {
	n := func(v V) int64 { return asNumber(v) }
	s := func(v V) string { return asText(v) }
	switch c.agg {
	case counted:
		return aggregated(c, g, aggregate.Count[V]())
	case summed:
		return aggregated(c, g, aggregate.Sum(n))
	case distinct:
		return aggregated(c, g, aggregate.Distinct(n, 1000))
	case even:
		return aggregated(c, g, evens[V]())
	case stats:
		return aggregated(c, g, statistics[V]())
	case top:
		return aggregated(c, g, aggregate.Combine2(aggregate.Count[V](), aggregate.TopN(n, 2, cmp.Compare[int64]), topText))
	case first:
		return aggregated(c, g, aggregate.First(s))
	case latest:
		return aggregated(c, g, aggregate.Last(s))
	}
	return aggregated(c, g, sumOrNull[V](c.agg))
}

func aggregated[K, V thing, A any, R thing](c call, g topology.Grouped[K, V], agg aggregate.Aggregation[V, A, R]) any {
	return topology.Aggregate(g, c.name, agg, c.options()...)
}

func evens[V thing]() aggregate.Aggregation[V, int64, int64] {
	return aggregate.Where(func(v V) bool { return isEven(asNumber(v)) }, aggregate.Count[V]())
}

func statistics[V thing]() aggregate.Aggregation[V, aggregate.Acc2[int64, int64], string] {
	return aggregate.Combine2(aggregate.Sum(func(v V) int64 { return asNumber(v) }), evens[V](), statsText)
}

func sumOrNull[V thing](agg aggregation) aggregate.Aggregation[V, int64, int64] {
	return aggregate.New(func() int64 { return 0 }, func(total int64, v V) (int64, error) {
		if agg.deletes(v) {
			return 0, processor.Null
		}
		return total + asNumber(v), nil
	})
}

// cogroup puts the values of groups into sums, or joins them.
func (o on[K, V]) cogroup(c call) any {
	if c.reduction == sum {
		return topology.Cogroup(cogrouped[K](c, func() int64 { return 0 }, func(total int64, v any) int64 {
			return total + asNumber(v)
		}), c.name, c.options()...)
	}
	return topology.Cogroup(cogrouped[K](c, func() string { return "" }, func(all string, v any) string {
		more, _ := joined.add(all, asText(v))
		return more.(string)
	}), c.name, c.options()...)
}

func cogrouped[K, A thing](c call, init func() A, add func(acc A, v any) A) topology.Part[K, A, A] {
	var parts topology.Part[K, A, A]
	for i, g := range c.in {
		var part topology.Part[K, A, A]
		switch g := g.(type) {
		case topology.KGroupedStream[K, string]:
			part = topology.Into(g, aggregate.New(init, func(acc A, v string) (A, error) { return add(acc, v), nil }))
		case topology.KGroupedStream[K, int64]:
			part = topology.Into(g, aggregate.New(init, func(acc A, v int64) (A, error) { return add(acc, v), nil }))
		}
		if i == 0 {
			parts = part
		} else {
			parts = parts.And(part)
		}
	}
	return parts
}
