package random

import (
	"fmt"

	"pgregory.net/rapid"
)

// drawWindows aggregates a group in windows, if its keys are texts.
func drawWindows(t *rapid.T, p *plan, g int) {
	of := p.steps[g]
	if of.key != text {
		drawFold(t, p, g)
		return
	}
	s := step{op: rapid.SampledFrom([]string{"count", "reduce", "aggregate"}).Draw(t, "op"), shape: windowed}
	s.windows = drawWindowsOf(t)
	s.emits = rapid.SampledFrom([]emission{everyUpdate, everyUpdate, onClose, thenLate}).Draw(t, "emission")
	if s.emits != everyUpdate && rapid.IntRange(0, 2).Draw(t, "closes idle") == 2 {
		s.idle = rapid.SampledFrom([]int64{1000, 2000, 3000}).Draw(t, "idle after")
	}
	value := number
	switch s.op {
	case "reduce":
		value = of.value
		s.reduction = rapid.SampledFrom([]reduction{sum, greatest, joined, cleared}).Draw(t, "reduction")
	case "aggregate":
		list := windowable
		if s.windows.by == sessions || s.windows.by == sessionsBy {
			list = list[:1]
		}
		s.agg = rapid.SampledFrom(list).Draw(t, "aggregation")
		value = s.agg.result()
	}
	s.name = fmt.Sprintf("windowed-%s-%d", s.op, len(p.steps))
	w := p.retyped(g, s, of.key, value)
	drawLate(t, p, w)
	if s.emits == everyUpdate && rapid.IntRange(0, 2).Draw(t, "suppressed") == 2 {
		drawSuppress(t, p, w)
	}
}

// drawGroupWindows is drawWindows behind a stream.
func drawGroupWindows(t *rapid.T, p *plan, in int) { drawWindows(t, p, drawGroup(t, p, in)) }

func drawWindowsOf(t *rapid.T) *windows {
	kinds := []windowKind{tumbling, hopping, sliding, sessions, sessionsBy}
	w := &windows{
		by:    rapid.SampledFrom(kinds).Draw(t, "windows"),
		size:  rapid.SampledFrom([]int64{1, 2, 3, 5, 10}).Draw(t, "size"),
		grace: rapid.SampledFrom([]int64{0, 1, 3, 10, endless}).Draw(t, "grace"),
	}
	if w.by == hopping {
		w.advance = min(w.size, rapid.SampledFrom([]int64{1, 2, 3, 4}).Draw(t, "advance"))
	}
	return w
}

// drawLate has the late records of a step, maybe.
func drawLate(t *rapid.T, p *plan, i int) {
	if rapid.Bool().Draw(t, "late") {
		p.retyped(i, step{op: "late left", shape: stream}, p.steps[i].key, text)
	}
}

// rowTexts is the stream of a table in windows, whose keys become texts.
func (p *plan) rowTexts(i int) {
	p.retyped(i, step{op: "row texts", shape: stream}, text, p.steps[i].value)
}
