package main

import (
	"fmt"
	"html"
	"os"
	"slices"
	"strings"
)

// The picture's measures, in pixels.
const (
	pictureWidth = 880
	labelWidth   = 190 // names of systems, left of the bars
	numberWidth  = 64  // the figure, right of a bar
	lineHeight   = 20
	barHeight    = 12
	groupHead    = 48 // title of a workload, and of its columns
)

// pictureStyle reads on a light and on a dark page.
const pictureStyle = `<style>
text { font: 12px system-ui, sans-serif; fill: #57606a }
.title { font-weight: 600; font-size: 14px; fill: #1f2328 }
.own { fill: #1f2328; font-weight: 600 }
.bar { fill: #afb8c1 } .bar.own { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1 } .title, text.own { fill: #f0f6fc } .bar { fill: #656c76 } .bar.own { fill: #4493f8 }
}
</style>
`

// writeSVG draws results as bars, a block per workload and guarantee.
func writeSVG(path string, results []result) error {
	if err := os.WriteFile(path, []byte(picture(results)), 0o644); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}

func picture(results []result) string {
	var b strings.Builder
	y := 0
	for _, group := range groups(results) {
		// Peers that know no other guarantee stand beside ours, not alone.
		if !hasOurs(group) && hasOurs(results) {
			continue
		}
		y = drawGroup(&b, y, slices.Concat(group, strangers(group, results)))
	}
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %[1]d %[2]d\">\n%s%s</svg>\n",
		pictureWidth, y, pictureStyle, b.String())
}

// drawGroup draws a block that begins at y and returns where it ends.
func drawGroup(b *strings.Builder, y int, group []result) int {
	text := func(class string, x, y int, s string) {
		fmt.Fprintf(b, "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", class, x, y, html.EscapeString(s))
	}
	columns := drawn(group)
	text("title", 0, y+16, group[0].Workload+", "+group[0].Guarantee)
	width := (pictureWidth - labelWidth) / max(len(columns), 1)
	for c, f := range columns {
		text("", labelWidth+c*width, y+groupHead-12, f.title)
	}
	y += groupHead
	for _, r := range group {
		class := "other"
		if r.System == ours {
			class = "own"
		}
		name := r.System
		if r.Guarantee != group[0].Guarantee {
			name += ", " + r.Guarantee
		}
		text(class, 0, y, name)
		for c, f := range columns {
			v := *f.of(&r)
			if v == nil {
				continue
			}
			x, length := labelWidth+c*width, 1
			if top := largest(group, f); top > 0 {
				length = max(1, int(*v/top*float64(width-numberWidth)))
			}
			fmt.Fprintf(b, "<rect class=\"bar %s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", class, x, y-barHeight+2, length, barHeight)
			text(class, x+length+4, y, number(*v*f.scale))
		}
		y += lineHeight
	}
	return y
}

// drawn are the figures that a picture of a group shows: four at most, since
// more would not fit.
func drawn(group []result) []figure {
	var columns []figure
	for _, f := range figures {
		if f.title == "produced MB" || f.title == "p99.9 ms" || len(columns) == 4 {
			continue
		}
		if largest(group, f) > 0 {
			columns = append(columns, f)
		}
	}
	return columns
}

func largest(group []result, f figure) (top float64) {
	for i := range group {
		if v := *f.of(&group[i]); v != nil {
			top = max(top, *v)
		}
	}
	return top
}
