package topology

import "github.com/millrace-io/millrace/internal/draw"

// Describe returns the compiled topology as text for readers: subtopologies
// with their operators, key and value types, topics and stores, and the
// exported fields of all structs among the types.
func (b *Builder) Describe() (string, error) {
	g, err := b.Build()
	if err != nil {
		return "", err
	}
	return g.Describe(), nil
}

// Mermaid returns the compiled topology as the text of a Mermaid flowchart,
// which many Markdown viewers show: subtopologies are frames, topics
// parallelograms and stores cylinders.
func (b *Builder) Mermaid() (string, error) {
	g, err := b.Build()
	if err != nil {
		return "", err
	}
	return draw.Mermaid(g.Status()), nil
}

// DOT returns the compiled topology as the text of a Graphviz digraph.
func (b *Builder) DOT() (string, error) {
	g, err := b.Build()
	if err != nil {
		return "", err
	}
	return draw.DOT(g.Status()), nil
}

// JSON returns the compiled topology as a status.Graph in JSON, for Diff and
// other programs. It changes with the topology and the fields of its types
// only, so that it can be kept beside the code: places in the user's code are
// left out. Its first field is the version of the description.
func (b *Builder) JSON() ([]byte, error) {
	g, err := b.Build()
	if err != nil {
		return nil, err
	}
	return draw.JSON(g.Status())
}
