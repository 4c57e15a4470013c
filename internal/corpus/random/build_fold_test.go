package random

import (
	"cmp"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

func (o on[K, V]) fold(c call, g topology.Grouped[K, V]) any {
	switch c.op {
	case "count":
		if c.windows != nil {
			return windowedOf(windowing.Count(g.(topology.KGroupedStream[K, V]), c.name, windowsOf[V](c.windows), c.inWindows()...))
		}
		return topology.Count(g, c.name, c.options()...)
	case "aggregate":
		return o.aggregate(c, g)
	}
	reduce := func(row, v V) (V, error) {
		made, ok := c.reduction.add(row, v)
		if !ok {
			return row, processor.Null
		}
		return made.(V), nil
	}
	if c.windows != nil {
		return windowedOf(windowing.ReduceErr(g.(topology.KGroupedStream[K, V]), c.name, windowsOf[V](c.windows), reduce, c.inWindows()...))
	}
	opts := c.options()
	if c.plan.steps[c.step.in[0]].shape == groupedTable {
		opts = append(opts, topology.Subtract(func(row, v V) V { return subtract(row, v).(V) }))
	}
	return topology.ReduceErr(g, c.name, reduce, opts...)
}

func (o on[K, V]) aggregate(c call, g topology.Grouped[K, V]) any {
	n := func(v V) int64 { return asNumber(v) }
	s := func(v V) string { return asText(v) }
	evens := aggregate.Where(func(v V) bool { return isEven(asNumber(v)) }, aggregate.Count[V]())
	switch c.agg {
	case counted:
		return aggregated(c, g, aggregate.Count[V]())
	case summed:
		return aggregated(c, g, aggregate.Sum(n))
	case distinct:
		return aggregated(c, g, aggregate.Distinct(n, 1000))
	case even:
		return aggregated(c, g, evens)
	case stats:
		return aggregated(c, g, aggregate.Combine2(aggregate.Sum(n), evens, statsText))
	case top:
		return aggregated(c, g, aggregate.Combine2(aggregate.Count[V](), aggregate.TopN(n, 2, cmp.Compare[int64]), topText))
	case first:
		return aggregated(c, g, aggregate.First(s))
	case latest:
		return aggregated(c, g, aggregate.Last(s))
	}
	return aggregated(c, g, aggregate.New(func() int64 { return 0 }, func(total int64, v V) (int64, error) {
		if c.agg.deletes(v) {
			return 0, processor.Null
		}
		return total + asNumber(v), nil
	}))
}

// aggregated aggregates a group, in windows or without.
func aggregated[K, V thing, A any, R thing](c call, g topology.Grouped[K, V], agg aggregate.Aggregation[V, A, R]) any {
	if c.windows != nil {
		return windowedOf(windowing.Aggregate(g.(topology.KGroupedStream[K, V]), c.name, windowsOf[V](c.windows), agg, c.inWindows()...))
	}
	return topology.Aggregate(g, c.name, agg, c.options()...)
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
