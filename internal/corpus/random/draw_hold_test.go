package random

import (
	"fmt"

	"pgregory.net/rapid"
)

// hold is what a step does with records that it keeps for a while: Suppress those
// of a table, Deduplicate those of an id.
type hold struct {
	wait  int64 // milliseconds of stream time
	close bool  // from the end of a window on, and not from the first record
	most  int   // so many at a time, 0 for no bound
	last  bool  // of duplicates the last one passes, and not the first
}

// What is drawn here, and aggregations in windows, has texts as keys: see
// foldInWindows.

// drawSuppress holds back the changes of a table, unless that is versioned.
func drawSuppress(t *rapid.T, p *plan, in int) {
	if p.past(in) > 0 || p.steps[in].key != text {
		return
	}
	h := &hold{wait: rapid.SampledFrom([]int64{1, 2, 4, 8}).Draw(t, "limit")}
	if p.steps[in].shape == windowed && rapid.Bool().Draw(t, "until closed") {
		w := p.windowsBefore(in)
		h.close, h.wait = true, w.grace
		if w.by == sessions {
			h.wait += w.size
		}
	} else {
		h.most = rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "most")
	}
	s := step{op: "suppress", shape: p.steps[in].shape, hold: h, name: fmt.Sprintf("suppress-%d", len(p.steps))}
	p.follow(in, s)
}

// windowsBefore are those that the rows of a step are in.
func (p *plan) windowsBefore(i int) *windows {
	for p.steps[i].windows == nil {
		i = p.steps[i].in[0]
	}
	return p.steps[i].windows
}

// drawDeduplicate drops duplicates.
func drawDeduplicate(t *rapid.T, p *plan, in int) {
	if p.steps[in].key != text {
		return
	}
	h := &hold{wait: rapid.SampledFrom([]int64{1, 2, 4, 8}).Draw(t, "span"), last: rapid.Bool().Draw(t, "last")}
	d := p.follow(in, step{op: "deduplicate", shape: stream, hold: h, fn: drawFn(t)})
	drawLate(t, p, d)
}

// drawTop ranks the rows of a table, or of one in windows.
func drawTop(t *rapid.T, p *plan, in int) {
	if p.steps[in].key != text {
		return
	}
	by := step{op: "rank-by", fn: fn{"key", drawMod(t)}, into: text}
	if p.steps[in].shape == windowed {
		by.fn.of = drawPart(t)
	}
	r := p.follow(in, by)
	s := step{op: "top", shape: stream, name: fmt.Sprintf("top-%d", len(p.steps)), firsts: rapid.IntRange(1, 3).Draw(t, "firsts")}
	p.retyped(r, s, text, text)
}
