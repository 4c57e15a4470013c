package random

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// drawGroup groups a stream.
func drawGroup(t *rapid.T, p *plan, in int) int {
	s := step{op: "group-by-key", shape: groupedStream}
	key := p.steps[in].key
	if rapid.Bool().Draw(t, "by another key") {
		s.op, s.fn = "group-by", drawFn(t)
		key = drawKind(t)
	}
	if s.op == "group-by" || p.flows[in].rekeyed {
		nameGroup(t, p, &s)
		drawMark(t, p, &s)
	}
	return p.retyped(in, s, key, p.steps[in].value)
}

// nameGroup draws what is about a group's repartition topic.
func nameGroup(t *rapid.T, p *plan, s *step) {
	if rapid.Bool().Draw(t, "shared topic") {
		s.name = fmt.Sprintf("group-%d", len(p.steps))
	}
	s.partitions = drawPartitions(t)
}

// drawFold aggregates a group.
func drawFold(t *rapid.T, p *plan, g int) {
	of := p.steps[g]
	s := step{op: rapid.SampledFrom([]string{"count", "reduce", "aggregate"}).Draw(t, "op"), shape: table}
	value := number
	switch s.op {
	case "reduce":
		value = of.value
		s.reduction = sum
		if of.shape == groupedStream {
			s.reduction = rapid.SampledFrom([]reduction{sum, greatest, joined, cleared}).Draw(t, "reduction")
		}
	case "aggregate":
		list := aggregations
		if of.shape == groupedTable {
			list = removable
		}
		s.agg = rapid.SampledFrom(list).Draw(t, "aggregation")
		value = s.agg.result()
	}
	drawTTL(t, p, &s)
	p.retyped(g, s, of.key, value)
}

// drawKeeping draws what a table keeps, beside the last row of each key.
func drawKeeping(t *rapid.T, p *plan, s *step) {
	if rapid.IntRange(0, 2).Draw(t, "versioned") == 2 {
		s.history = rapid.SampledFrom([]int64{1, 3, 1_000_000}).Draw(t, "history")
	} else {
		drawTTL(t, p, s)
	}
}

func drawTTL(t *rapid.T, p *plan, s *step) {
	merged := slices.ContainsFunc(p.steps, func(s step) bool { return len(s.in) > 1 })
	if !merged && rapid.IntRange(0, 7).Draw(t, "ttl") == 7 {
		s.ttl = rapid.SampledFrom([]int64{1, 2, 4}).Draw(t, "ttl in ms")
		p.forgets = true
	}
}

// drawCogroup cogroups a stream with one whose keys are of the same type.
func drawCogroup(t *rapid.T, p *plan, in int) {
	a := drawGroup(t, p, in)
	others := p.find(groupedStream, func(i int) bool {
		return p.steps[i].key == p.steps[a].key && p.countBehind(i) == p.countBehind(a)
	})
	s := step{op: "cogroup", shape: table, reduction: rapid.SampledFrom([]reduction{sum, joined}).Draw(t, "reduction")}
	s.name, s.in = fmt.Sprintf("cogroup-%d", len(p.steps)), []int{a, rapid.SampledFrom(others).Draw(t, "with")}
	s.key, s.value = p.steps[a].key, number
	if s.reduction == joined {
		s.value = text
	}
	p.add(s)
}

// countBehind is the number of partitions behind a group.
func (p *plan) countBehind(g int) int {
	if n := p.steps[g].partitions; n > 0 {
		return n
	}
	return p.flows[g].partitions
}
