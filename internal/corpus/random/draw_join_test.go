package random

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

// drawStreamsJoin joins a stream with one that has keys of the same type in as
// many partitions, maybe itself.
func drawStreamsJoin(t *rapid.T, p *plan, in int) {
	kind := rapid.SampledFrom([]string{"inner", "left", "right", "outer", "semi", "anti", "nearest", "nearest"}).Draw(t, "kind")
	s := step{op: kind + " join", shape: stream, window: drawWindow(t)}
	value := text
	if s.once() {
		value = p.steps[in].value
	}
	j := p.join(t, in, stream, s, value, 1)
	if j != in && rapid.IntRange(0, 2).Draw(t, "late") == 2 {
		l := step{op: rapid.SampledFrom([]string{"late left", "late right"}).Draw(t, "side"), shape: stream}
		p.retyped(j, l, p.steps[j].key, p.steps[p.steps[j].in[l.side()]].value)
	}
}

// drawManyStreams joins a stream with up to three others, some of which may be the
// same.
func drawManyStreams(t *rapid.T, p *plan, in int) {
	span := rapid.SampledFrom([]int64{0, 1, 2, 5, 1000}).Draw(t, "span")
	late := rapid.SampledFrom([]int64{never, 0, 1, 3, 10}).Draw(t, "lateness")
	s := step{op: "many streams", shape: stream, window: &window{before: span, after: span, late: [2]int64{late, late}}}
	j := p.join(t, in, stream, s, text, rapid.IntRange(1, 3).Draw(t, "others"))
	if j != in && rapid.IntRange(0, 2).Draw(t, "late") == 2 {
		p.retyped(j, step{op: "late left", shape: stream}, p.steps[j].key, text)
	}
}

func drawWindow(t *rapid.T) *window {
	w := &window{
		before: rapid.SampledFrom([]int64{0, 1, 2, 5, -1, -2}).Draw(t, "before"), after: rapid.SampledFrom([]int64{0, 1, 3, 1000, -1}).Draw(t, "after"),
		openStart: rapid.Bool().Draw(t, "open start"), openEnd: rapid.Bool().Draw(t, "open end"),
	}
	if from, to := w.bounds(); from > to {
		w.openStart, w.openEnd, w.after = false, false, -w.before
	}
	lateness := rapid.SampledFrom([]int64{0, 1, 3, 10, never})
	if w.late = [2]int64{never, never}; rapid.IntRange(0, 2).Draw(t, "late ones") > 0 {
		w.late = [2]int64{lateness.Draw(t, "left lateness"), lateness.Draw(t, "right lateness")}
	}
	return w
}

// drawTableLookup joins a stream with a table.
func drawTableLookup(t *rapid.T, p *plan, in int) {
	op := rapid.SampledFrom([]string{"table lookup", "left table lookup"}).Draw(t, "op")
	p.join(t, in, table, step{op: op, shape: stream}, text, 1)
}

// drawGrace has the records of a join wait, if the rows have a past.
func drawGrace(t *rapid.T, p *plan, s *step) {
	if past := p.past(s.in[rightSide]); past > 0 && rapid.IntRange(0, 3).Draw(t, "waits") > 0 {
		s.grace = min(past, rapid.SampledFrom([]int64{1, 2, 3, 10, never}).Draw(t, "grace"))
	}
}

// drawTablesJoin joins a table with another one, or itself.
func drawTablesJoin(t *rapid.T, p *plan, in int) {
	kind := rapid.SampledFrom([]string{"inner", "left", "right", "outer"}).Draw(t, "kind")
	p.join(t, in, table, step{op: kind + " tables", shape: table, stored: rapid.Bool().Draw(t, "stored")}, text, 1)
}

// drawManyTables joins a table with others, some of which may be the same.
func drawManyTables(t *rapid.T, p *plan, in int) {
	n := rapid.IntRange(1, 3).Draw(t, "others")
	p.join(t, in, table, step{op: "many tables", shape: table, needs: drawNeeds(t, n)}, text, n)
}

// drawEnrich joins a stream with tables.
func drawEnrich(t *rapid.T, p *plan, in int) {
	n := rapid.IntRange(1, 3).Draw(t, "tables")
	p.join(t, in, table, step{op: "enrich", shape: stream, needs: drawNeeds(t, n)}, text, n)
}

func drawNeeds(t *rapid.T, others int) []bool {
	return rapid.SliceOfN(rapid.Bool(), 1+others, 1+others).Draw(t, "needs")
}

// join adds a join with n steps of the given shape that have equal keys in equal
// partitions.
func (p *plan) join(t *rapid.T, in int, with shape, s step, value kind, n int) int {
	others := p.find(with, func(i int) bool {
		return p.steps[i].key == p.steps[in].key && p.flows[i].partitions == p.flows[in].partitions &&
			(s.window == nil || p.chosen(in)+n*p.chosen(i) <= max(3, 1+n))
	})
	if len(others) == 0 {
		return in
	}
	slices.Reverse(others)
	s.in = []int{in}
	for range n {
		s.in = append(s.in, rapid.SampledFrom(others).Draw(t, "with"))
	}
	s.key, s.value, s.name = p.steps[in].key, value, fmt.Sprintf("join-%d", len(p.steps))
	if s.joins() == tableLookup {
		drawGrace(t, p, &s)
	}
	if s.waits() && rapid.IntRange(0, 2).Draw(t, "closes idle") == 2 {
		s.idle = rapid.SampledFrom([]int64{1000, 2000, 3000}).Draw(t, "idle after")
	}
	return p.add(s)
}

// chosen is how many records a record is a choice of, behind joins of streams: there
// are as many as there are choices, which soon are too many.
func (p *plan) chosen(i int) int {
	most, all := 1, 0
	for _, in := range p.steps[i].in {
		most, all = max(most, p.chosen(in)), all+p.chosen(in)
	}
	if p.steps[i].window != nil {
		return all
	}
	return most
}

// drawForeignJoin joins a table with another one, or itself, by a foreign key.
// With unequal numbers of partitions the greater one would be that of both, where
// nothing else says it.
func drawForeignJoin(t *rapid.T, p *plan, in int) {
	op := rapid.SampledFrom([]string{"foreign key", "left foreign key"}).Draw(t, "op")
	p.lookupBy(t, in, p.find(table, func(i int) bool { return p.flows[i].partitions == p.flows[in].partitions }), step{op: op, shape: table})
}

// drawForeignList joins a table with another one, or itself, by a list of foreign
// keys. The result is a stream: its keys are pairs, which become texts.
func drawForeignList(t *rapid.T, p *plan, in int) {
	op := rapid.SampledFrom([]string{"foreign keys", "left foreign keys"}).Draw(t, "op")
	j := p.lookupBy(t, in, p.find(table, func(i int) bool { return p.flows[i].partitions == p.flows[in].partitions }), step{op: op, shape: stream})
	p.steps[j].key = text
}

// drawGlobalLookup joins a stream with a global table.
func drawGlobalLookup(t *rapid.T, p *plan, in int) {
	if all := p.find(globalTable, nil); len(all) > 0 {
		op := rapid.SampledFrom([]string{"global lookup", "left global lookup"}).Draw(t, "op")
		p.lookupBy(t, in, all, step{op: op, shape: stream})
	}
}

// lookupBy adds a join by a key that a function makes of a record, unless it
// makes none.
func (p *plan) lookupBy(t *rapid.T, in int, others []int, s step) int {
	s.fn, s.fn2 = drawFn(t), drawPredicate(t)
	s.in = []int{in, rapid.SampledFrom(others).Draw(t, "with")}
	s.key, s.value, s.name = p.steps[in].key, text, fmt.Sprintf("join-%d", len(p.steps))
	return p.add(s)
}
