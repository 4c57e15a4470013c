package draw

import (
	"fmt"
	"strings"

	"github.com/millrace-io/millrace/status"
)

// DOT is the text of a Graphviz digraph.
func DOT(g status.Graph) string {
	p := newPicture(g)
	var b strings.Builder
	b.WriteString("digraph topology {\n  node [shape=box];\n")
	for _, t := range p.outside {
		fmt.Fprintf(&b, "  %s\n", dotBox(t))
	}
	for _, f := range p.frames {
		fmt.Fprintf(&b, "  subgraph cluster_%s {\n    label=%s;\n", f.id, dotText(f.title))
		for _, x := range f.boxes {
			fmt.Fprintf(&b, "    %s\n", dotBox(x))
		}
		b.WriteString("  }\n")
	}
	for _, l := range p.lines {
		var attributes []string
		if len(l.text) > 0 {
			attributes = append(attributes, "label="+dotText(l.text...))
		}
		if !l.arrow {
			// It says what belongs together, and not what comes first.
			attributes = append(attributes, "style=dashed", "dir=none")
		}
		fmt.Fprintf(&b, "  %s -> %s", l.from, l.to)
		if len(attributes) > 0 {
			fmt.Fprintf(&b, " [%s]", strings.Join(attributes, ", "))
		}
		b.WriteString(";\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// dotShapes are what boxes look like: nodes have the shape that is set for all.
var dotShapes = map[shape]string{store: ", shape=cylinder", topic: ", shape=parallelogram"}

func dotBox(x box) string {
	return fmt.Sprintf("%s [label=%s%s];", x.id, dotText(x.text...), dotShapes[x.shape])
}

// dotText is a quoted string of lines. Graphviz takes backslashes as escapes and
// ampersands as the start of HTML entities in labels.
func dotText(lines ...string) string {
	return `"` + dotEscapes.Replace(strings.Join(lines, "\n")) + `"`
}

var dotEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", " ", "\x00", " ", "&", "&amp;")
