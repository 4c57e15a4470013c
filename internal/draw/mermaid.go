package draw

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/millrace-io/millrace/status"
)

// Mermaid is the text of a Mermaid flowchart, as Markdown viewers show it in a
// block of the language "mermaid".
func Mermaid(g status.Graph) string {
	p := newPicture(g)
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	for _, t := range p.outside {
		fmt.Fprintf(&b, "  %s\n", mermaidBox(t))
	}
	for _, f := range p.frames {
		fmt.Fprintf(&b, "  subgraph %s[%s]\n", f.id, mermaidText(f.title))
		for _, x := range f.boxes {
			fmt.Fprintf(&b, "    %s\n", mermaidBox(x))
		}
		b.WriteString("  end\n")
	}
	for _, l := range p.lines {
		arrow := "-.-"
		if l.arrow {
			arrow = "-->"
		}
		if len(l.text) > 0 {
			arrow += "|" + mermaidText(l.text...) + "|"
		}
		fmt.Fprintf(&b, "  %s %s %s\n", l.from, arrow, l.to)
	}
	return b.String()
}

// mermaidBrackets are what makes the shape of a box: a rectangle for a node, a
// cylinder for a store, a parallelogram for a topic.
var mermaidBrackets = map[shape][2]string{
	node: {"[", "]"}, store: {"[(", ")]"}, topic: {"[/", "/]"},
}

func mermaidBox(x box) string {
	around := mermaidBrackets[x.shape]
	return x.id + around[0] + mermaidText(x.text...) + around[1]
}

// mermaidText writes lines between double quotes. Everything that could mean
// something to Mermaid, to Markdown or to HTML becomes a numeric entity in
// Mermaid's notation. A text without a sign is not allowed there.
func mermaidText(lines ...string) string {
	var b strings.Builder
	for i, text := range lines {
		if i > 0 {
			b.WriteString("<br>")
		}
		for _, r := range cmp.Or(text, " ") {
			switch {
			case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune(" .,-_()[]", r), r > 127:
				b.WriteRune(r)
			case r < ' ':
				b.WriteByte(' ')
			default:
				fmt.Fprintf(&b, "#%d;", r)
			}
		}
	}
	return `"` + b.String() + `"`
}
