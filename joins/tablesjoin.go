package joins

import (
	"slices"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// tableJoin is a table under construction whose rows are made of those that
// several tables have of a key: the parts put them into an A, and row makes a
// row of that. They are computed on demand, or kept in a store.
type tableJoin[K, A, V any] struct {
	op      string
	options *graph.Options
	parts   []part[K, A]
	row     func(key K, a *A) V
}

// table adds the node behind the parts.
func (j tableJoin[K, A, V]) table() topology.KTable[K, V] {
	in, o := j.parts[0].graph(), j.options
	b := in.Builder
	n := b.Operator(j.op, in, &graph.Options{Name: o.Name})
	n.In = nil
	n.CoPartition = true
	n.Out = []graph.Port{graph.NewPort[K, graph.Change[V]]()}
	h := in.NewValue(n, nil)
	for _, p := range j.parts {
		connect(b, n, p)
		if h.KeySerde == nil {
			h.KeySerde = p.graph().KeySerde
		}
		if from := p.graph().Node; p.lookup().ahead {
			b.Errorf(n.Line, "%s: the table of %s (%s) holds changes back, and its rows are newer than what it has sent on: "+
				"put a Filter or MapTable with the option Stored before the join, which keeps what was sent on", n.Op, from.Op, from.Line)
		}
	}
	t := topology.TableOf[K, V](h)
	if o.Given(graph.OptStored) {
		t = t.Storing(o)
	} else {
		h.View = graph.View[K, V]{Stores: n.Stores, Open: func(t graph.Task) (graph.Getter[K, V], error) {
			sides, err := openSides(t, j.parts, false)
			return &joinedRows[K, A, V]{n, joining[K, A, V]{sides, j.row, *new(A)}}, err
		}}
		t = topology.TableOf[K, V](h)
	}
	var ks serde.Serde[K] // nil if no record can change two parts
	if shareOrigin(j.parts) {
		ks = graph.KeySerde[K](n, t.Graph(), o)
	}
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		sides, err := openSides(t, j.parts, false)
		if err != nil {
			return nil, err
		}
		r := &tableNode[K, A, V]{
			joining: joining[K, A, V]{sides: sides, make: j.row}, node: n,
			out: outs[0].(graph.Receiver[K, graph.Change[V]]), dropped: t.Counter(n, "stale"),
		}
		if o.Given(graph.OptStored) {
			r.store = t.Store(o.Store).(state.KeyValue[K, V])
		}
		var held holder
		if ks != nil {
			r.holding = &holding[K]{ks: ks, place: map[string]int{}}
			held = r
		}
		ins := make([]any, len(sides))
		for i, s := range sides {
			ins[i] = s.input(r, held)
		}
		return ins, nil
	}
	return t
}

// connect makes p the next input of n, and its stores those of n.
func connect[K, A any](b *graph.Builder, n *graph.Node, p part[K, A]) {
	h, rows := p.graph(), p.lookup()
	if h.Builder != b {
		b.Errorf(n.Line, "%s: the tables belong to different builders", n.Op)
		return
	}
	n.In = append(n.In, h.Edge(len(n.In)))
	for _, s := range rows.stores {
		if !slices.Contains(n.Stores, s) {
			n.Stores = append(n.Stores, s)
		}
	}
	if !rows.known {
		b.Errorf(n.Line, "%s: the rows of the table of %s (%s) cannot be looked up: put a Filter or MapTable with the option Stored before the join", n.Op, h.Node.Op, h.Node.Line)
	}
}

// openSides opens the parts in a task.
func openSides[K, A any](t graph.Task, parts []part[K, A], asOf bool) (sides []side[K, A], err error) {
	for _, p := range parts {
		s, err := p.side(t, asOf)
		if err != nil {
			return nil, err
		}
		sides = append(sides, s)
	}
	return sides, nil
}

// shareOrigin says whether some of the parts are made of the same records, so
// that one of these may change several of them.
func shareOrigin[K, A any](parts []part[K, A]) bool {
	of := map[*graph.Node]int{} // the first part that a node is before
	var visit func(n *graph.Node, part int) bool
	visit = func(n *graph.Node, part int) bool {
		if first, seen := of[n]; seen {
			return first != part
		}
		of[n] = part
		for _, e := range n.In {
			if visit(e.From, part) {
				return true
			}
		}
		return false
	}
	for i, p := range parts {
		if visit(p.graph().Node, i) {
			return true
		}
	}
	return false
}
