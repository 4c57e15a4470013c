package windowing

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/state"
)

// closing is how the windows close that keys of K are in.
type closing[K any] struct {
	after   int64 // how far stream time must be past a window's end, in milliseconds
	endless bool
	end     func(key K) int64
}

// closingOf is the closing of state.Windowed[K] for graph.Node.Closing. That the
// ends of sessions and sliding windows are part of them makes no difference, as
// in Kafka Streams.
func closingOf[K any](w Windows) any {
	of := w.spans()
	return closing[state.Windowed[K]]{
		after: (of.grace + of.gap).Milliseconds(), endless: of.endless,
		end: func(w state.Windowed[K]) int64 { return w.End },
	}
}

// findClosing finds out how the windows in the keys before node n close, as an
// operator before it has said; if several have, the last to close counts.
func findClosing[K any](b *graph.Builder, n *graph.Node) closing[K] {
	c := closing[K]{end: func(K) int64 { return 0 }}
	found, seen := false, map[*graph.Node]bool{}
	var visit func(n *graph.Node)
	visit = func(n *graph.Node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		if w, ok := n.Closing.(closing[K]); ok {
			found, c.end = true, w.end
			c.after, c.endless = max(c.after, w.after), c.endless || w.endless
			return
		}
		for _, e := range n.In {
			visit(e.From)
		}
	}
	visit(n)
	switch {
	case !found:
		b.Errorf(n.Line, "%s: UntilClose needs keys of an aggregation in windows before it, which %s is not", n.Op, graph.TypeName[K]())
	case c.endless:
		b.Errorf(n.Line, "%s: UntilClose needs windows that close", n.Op)
	}
	return c
}
