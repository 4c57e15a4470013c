package random

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

var kinds = []kind{text, number}

// drawPlan draws a topology of up to three sources, a global table and twelve
// operators, with a sink behind all that is read by nothing else.
func drawPlan(t *rapid.T, eager, calm bool, partitions int) *plan {
	p := newPlan(eager)
	p.calm = calm
	p.marked = rapid.IntRange(0, 2).Draw(t, "watermarks") == 2
	some := rapid.IntRange(1, 3)
	if p.marked {
		some = rapid.IntRange(2, 3)
	}
	for i := range some.Draw(t, "sources") {
		s := step{op: "stream", shape: stream, partitions: partitions, name: fmt.Sprintf("in-%d", i)}
		if (!p.marked || i > 1) && rapid.Bool().Draw(t, "is a table") {
			s.op, s.shape = "table", table
		}
		if s.key, s.value = drawKind(t), drawKind(t); p.marked {
			s.key = text // so that they meet: what is alone holds nothing back
		}
		if s.op == "table" {
			drawKeeping(t, p, &s)
		}
		drawMark(t, p, &s)
		p.add(s)
	}
	if rapid.IntRange(0, 3).Draw(t, "global table") == 3 {
		p.add(step{op: "global", shape: globalTable, partitions: partitions, name: "in-global", key: drawKind(t), value: drawKind(t)})
	}
	if p.marked && !p.forgets {
		rapid.SampledFrom([]func(*rapid.T, *plan, int){drawStreamsJoin, drawGroupWindows, drawDeduplicate}).Draw(t, "what waits")(t, p, 0)
	}
	for range rapid.IntRange(1, 12).Draw(t, "operators") {
		var can []drawer
		for _, d := range drawers {
			if d.from == nothing || len(p.find(d.from, nil)) > 0 {
				can = append(can, d)
			}
		}
		n := rapid.IntRange(0, len(can)).Draw(t, "operator")
		if n == 0 {
			continue // so that a failing plan shrinks
		}
		d := can[n-1]
		if d.merges && p.forgets {
			continue
		}
		in := 0
		if list := p.find(d.from, nil); len(list) > 0 {
			slices.Reverse(list) // the last one is the simplest choice
			in = rapid.SampledFrom(list).Draw(t, "behind")
		}
		d.draw(t, p, in)
	}
	for i := range p.steps {
		if s := p.steps[i]; s.shape == table && !p.used(i) {
			p.follow(i, step{op: "to-stream", shape: stream})
		} else if s.shape == windowed && !p.used(i) {
			p.rowTexts(i)
		}
	}
	for i := range p.steps {
		if s := p.steps[i]; s.shape == stream && !p.used(i) {
			p.follow(i, step{op: "to"})
		}
	}
	return p.settle()
}

// nullsOnly has map-values-err never fail.
const nullsOnly = 2

// follow adds a step behind in: with its types and a name, unless they are
// given.
func (p *plan) follow(in int, s step) int {
	s.in = append([]int{in}, s.in...)
	if s.key, s.value = p.steps[in].key, p.steps[in].value; s.name == "" && s.op != "to-stream" {
		s.name = fmt.Sprintf("%s-%d", s.op, len(p.steps))
	}
	return p.add(s)
}

// retyped is follow for a step that makes other types.
func (p *plan) retyped(in int, s step, key, value kind) int {
	s.in = []int{in}
	s.key, s.value = key, value
	if s.name == "" && s.shape == table {
		s.name = fmt.Sprintf("%s-%d", s.op, len(p.steps))
	}
	return p.add(s)
}

// drawer draws an operator behind a step of the given shape.
type drawer struct {
	from   shape
	draw   func(t *rapid.T, p *plan, in int)
	merges bool
}

var drawers = []drawer{
	{from: stream, draw: func(t *rapid.T, p *plan, in int) { p.follow(in, step{op: "peek", shape: stream}) }},
	{from: stream, draw: func(t *rapid.T, p *plan, in int) {
		op := rapid.SampledFrom([]string{"filter", "filter-not"}).Draw(t, "op")
		p.follow(in, step{op: op, shape: stream, fn: drawPredicate(t)})
	}},
	{from: stream, draw: func(t *rapid.T, p *plan, in int) {
		p.retyped(in, step{op: "map-values", shape: stream, fn: fn{"value", drawMod(t)}}, p.steps[in].key, drawKind(t))
	}},
	{from: stream, draw: func(t *rapid.T, p *plan, in int) {
		fails := rapid.SampledFrom([]int64{nullsOnly, 5}).Draw(t, "fails")
		s := step{op: "map-values-err", shape: stream, fn: fn{"value", drawMod(t)}, fn2: fn{"value", fails}}
		p.retyped(in, s, p.steps[in].key, drawKind(t))
	}},
	{from: stream, draw: func(t *rapid.T, p *plan, in int) {
		p.retyped(in, step{op: "map", shape: stream, fn: drawFn(t), fn2: drawFn(t)}, drawKind(t), drawKind(t))
	}},
	{from: stream, draw: func(t *rapid.T, p *plan, in int) {
		s := step{op: "select-key", shape: stream, fn: drawFn(t)}
		if rapid.Bool().Draw(t, "makes nulls") {
			s.fn2 = drawPredicate(t)
		}
		p.retyped(in, s, drawKind(t), p.steps[in].value)
	}},
	{from: stream, draw: func(t *rapid.T, p *plan, in int) {
		p.retyped(in, step{op: "flat-map", shape: stream, fn: drawFn(t), fn2: drawPredicate(t)}, drawKind(t), drawKind(t))
	}},
	{from: stream, draw: func(t *rapid.T, p *plan, in int) {
		p.retyped(in, step{op: "flat-map-values", shape: stream, fn: fn{"value", 3}}, p.steps[in].key, drawKind(t))
	}},
	{from: stream, draw: drawSplit},
	{from: stream, draw: drawMerge, merges: true},
	{from: stream, draw: func(t *rapid.T, p *plan, in int) {
		s := step{op: "repartition", shape: stream, partitions: drawPartitions(t)}
		drawMark(t, p, &s)
		p.follow(in, s)
	}},
	{from: stream, draw: func(t *rapid.T, p *plan, in int) { p.follow(in, step{op: "to"}) }},
	{from: stream, draw: func(t *rapid.T, p *plan, in int) {
		p.follow(in, step{op: "to-chosen", fn: fn{drawPart(t), 3}})
	}},
	{from: stream, draw: func(t *rapid.T, p *plan, in int) {
		s := step{op: "process", shape: stream, name: fmt.Sprintf("process-%d", len(p.steps)), fn: drawFn(t)}
		drawTTL(t, p, &s)
		p.retyped(in, s, drawKind(t), number)
	}},
	{from: stream, draw: func(t *rapid.T, p *plan, in int) {
		s := step{op: "process-values", shape: stream}
		drawTTL(t, p, &s)
		p.follow(in, s)
	}},
	{from: stream, draw: func(t *rapid.T, p *plan, in int) {
		s := step{op: "to-table", shape: table}
		if p.flows[in].rekeyed {
			s.partitions = drawPartitions(t)
		}
		drawKeeping(t, p, &s)
		p.follow(in, s)
	}},
	{from: stream, draw: func(t *rapid.T, p *plan, in int) { drawFold(t, p, drawGroup(t, p, in)) }},
	{from: groupedStream, draw: drawFold},
	{from: stream, draw: drawGroupWindows},
	{from: groupedStream, draw: drawWindows},
	{from: stream, draw: drawGroupWindows},
	{from: windowed, draw: drawSuppress},
	{from: windowed, draw: drawSuppress},
	{from: windowed, draw: drawTop},
	{from: table, draw: drawSuppress},
	{from: table, draw: drawTop},
	{from: stream, draw: drawDeduplicate},
	{from: stream, draw: drawDeduplicate},
	{from: windowed, draw: func(_ *rapid.T, p *plan, in int) { p.rowTexts(in) }},
	{from: stream, draw: drawCogroup, merges: true},
	{from: table, draw: func(t *rapid.T, p *plan, in int) {
		op := rapid.SampledFrom([]string{"table-filter", "table-filter-not"}).Draw(t, "op")
		p.follow(in, step{op: op, shape: table, fn: drawPredicate(t), stored: rapid.Bool().Draw(t, "stored")})
	}},
	{from: table, draw: func(t *rapid.T, p *plan, in int) {
		s := step{op: "map-table", shape: table, fn: fn{"value", drawMod(t)}, stored: rapid.Bool().Draw(t, "stored")}
		p.retyped(in, s, p.steps[in].key, drawKind(t))
	}},
	{from: table, draw: func(t *rapid.T, p *plan, in int) {
		s := step{op: "transform-table", shape: table, fn: drawPredicate(t), fn2: fn{"key", 2}, stored: rapid.Bool().Draw(t, "stored")}
		p.retyped(in, s, p.steps[in].key, drawKind(t))
	}},
	{from: table, draw: func(t *rapid.T, p *plan, in int) { p.follow(in, step{op: "to-stream", shape: stream}) }},
	{from: table, draw: func(t *rapid.T, p *plan, in int) {
		s := step{op: "group-table", shape: groupedTable, fn: drawFn(t), fn2: drawFn(t)}
		nameGroup(t, p, &s)
		drawFold(t, p, p.retyped(in, s, drawKind(t), drawKind(t)))
	}},
	{from: groupedTable, draw: drawFold},
	{from: stream, draw: drawStreamsJoin, merges: true},
	{from: stream, draw: drawManyStreams, merges: true},
	{from: stream, draw: drawTableLookup, merges: true},
	{from: stream, draw: drawTableLookup, merges: true},
	{from: table, draw: drawTablesJoin, merges: true},
	{from: table, draw: drawManyTables, merges: true},
	{from: stream, draw: drawEnrich, merges: true},
	{from: table, draw: drawForeignJoin, merges: true},
	{from: table, draw: drawForeignList, merges: true},
	{from: stream, draw: drawGlobalLookup, merges: true},
}

func drawSplit(t *rapid.T, p *plan, in int) {
	s := p.follow(in, step{op: "split", shape: splitter})
	rest := rapid.IntRange(0, 3).Draw(t, "default branch") // beyond the last one is none
	for i := range rapid.IntRange(1, 3).Draw(t, "branches") {
		b := step{op: "branch", shape: stream}
		if i == rest {
			b.op = "default"
		} else {
			b.fn = drawPredicate(t)
		}
		p.follow(s, b)
	}
}

func drawMerge(t *rapid.T, p *plan, in int) {
	others := p.find(stream, func(i int) bool {
		a, b := p.steps[i], p.steps[in]
		return a.key == b.key && a.value == b.value && p.flows[i].partitions == p.flows[in].partitions
	})
	p.follow(in, step{op: "merge", shape: stream, in: []int{rapid.SampledFrom(others).Draw(t, "with")}})
}

// drawMark draws a watermark for the topic of a step.
func drawMark(t *rapid.T, p *plan, s *step) {
	if !p.marked || rapid.IntRange(0, 2).Draw(t, "watermark") == 0 {
		return
	}
	s.mark = &mark{by: rapid.SampledFrom([]string{"lag", "ascending", "function", "idle"}).Draw(t, "by")}
	if s.mark.by == "lag" {
		s.mark.lag = rapid.SampledFrom([]int64{0, 1, 2, 5}).Draw(t, "lag")
	}
	if s.mark.by == "function" {
		s.mark.fn = fn{drawPart(t), 20}
	}
	if s.mark.by == "idle" || rapid.IntRange(0, 3).Draw(t, "idles") == 3 {
		s.mark.idle = rapid.SampledFrom([]int64{1500, 2500}).Draw(t, "idle after")
	}
}

func drawKind(t *rapid.T) kind { return rapid.SampledFrom(kinds).Draw(t, "type") }
func drawMod(t *rapid.T) int64 { return rapid.SampledFrom([]int64{0, 2, 3, 5}).Draw(t, "mod") }
func drawPart(t *rapid.T) string {
	return rapid.SampledFrom([]string{"value", "key", "both"}).Draw(t, "of")
}
func drawFn(t *rapid.T) fn { return fn{drawPart(t), drawMod(t)} }

func drawPredicate(t *rapid.T) fn {
	return fn{drawPart(t), rapid.SampledFrom([]int64{2, 3, 4}).Draw(t, "mod")}
}

func drawPartitions(t *rapid.T) int {
	return rapid.SampledFrom([]int{0, 1, 2, 3}).Draw(t, "partitions")
}
