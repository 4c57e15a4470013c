package draw

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/millrace-io/millrace/status"
)

// JSON is g as indented JSON without the places in the user's code, which
// change with every edit. Its first field is the version.
func JSON(g status.Graph) ([]byte, error) {
	g.Subtopologies, g.Globals = slices.Clone(g.Subtopologies), slices.Clone(g.Globals)
	for i := range g.Globals {
		g.Globals[i].Line = ""
	}
	for i := range g.Subtopologies {
		sub := &g.Subtopologies[i]
		sub.Nodes, sub.Stores = slices.Clone(sub.Nodes), slices.Clone(sub.Stores)
		for j := range sub.Nodes {
			sub.Nodes[j].Line = ""
		}
		for j := range sub.Stores {
			sub.Stores[j].Line = ""
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // of "<-chan" and the like
	enc.SetIndent("", "  ")
	err := enc.Encode(g)
	return b.Bytes(), err
}
