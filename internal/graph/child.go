package graph

import "fmt"

// Child is an output port of its own that a Processor forwards to.
type Child struct {
	Builder *Builder
	Line    string // where it was made
	Port    Port
	// Node is the one that it was attached to, and At the place of Port there.
	// Node is nil before.
	Node *Node
	At   int
}

// Attach gives n a port for each child and reports those that cannot be had.
func (b *Builder) Attach(n *Node, children []*Child) {
	for _, c := range children {
		switch {
		case c.Builder != b:
			b.Errorf(n.Line, "%s: child %q belongs to another builder", n.Op, c.Port.Name)
			continue
		case c.Node != nil:
			b.Errorf(n.Line, "%s: child %q is attached at %s already", n.Op, c.Port.Name, c.Node.Line)
			continue
		}
		for _, p := range n.Out {
			if p.Name != "" && p.Name == c.Port.Name {
				b.Errorf(n.Line, "%s: two children are called %q: those made at %s and %s", n.Op, p.Name, p.Line, c.Line)
			}
		}
		c.Node, c.At = n, len(n.Out)
		n.Out = append(n.Out, c.Port)
	}
}

// ChildContext is implemented by every processor.Context of the engine: the
// way from a Context to the children of its node, while that is instantiated.
type ChildContext interface {
	// Child is the Receiver behind the child's port.
	Child(c *Child) (any, error)
}

// Output finds the receiver of a child among outs, those of node n.
func (c *Child) Output(n *Node, outs []any) (any, error) {
	switch {
	case c.Node != n:
		return nil, fmt.Errorf("child %s is not attached to node %s: give the node the option With", c.Port.Name, n.Name)
	case outs == nil:
		return nil, fmt.Errorf("child %s: open it in the function that makes the Processor", c.Port.Name)
	}
	return outs[c.At], nil
}
