package graph

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Compile divides nodes into subtopologies, numbered by their first node, and
// puts the nodes of each into topological order. It reports everything that is
// wrong with the topology as a whole, joined.
func Compile(nodes []*Node, stores map[string]*StoreSpec, globals ...*Global) (*Graph, error) {
	errs := checkTopics(nodes)
	errs = append(errs, checkStores(nodes, stores)...)
	errs = append(errs, checkGlobals(nodes, globals)...)
	errs = append(errs, checkSnapshots(nodes)...)
	ordered, err := order(nodes)
	if err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	g := &Graph{Nodes: nodes, Stores: stores, Globals: globals}
	g.divide(ordered)
	if errs := append(g.checkPartitioners(), g.checkWatermarks()...); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	g.keepStores()
	return g, nil
}

// order returns the nodes so that every edge leads from an earlier to a later
// one; among nodes that are free to move, the order of making is kept.
func order(nodes []*Node) ([]*Node, error) {
	const entered, done = 1, 2
	seen := make(map[*Node]int, len(nodes))
	for _, n := range nodes {
		seen[n] = 0
	}
	var ordered []*Node
	var visit func(n *Node) error
	visit = func(n *Node) error {
		switch mark, known := seen[n]; {
		case !known:
			return fmt.Errorf("%s: %s is connected but not part of the topology", n.Line, n.Name)
		case mark == entered:
			return fmt.Errorf("%s: %s is its own input", n.Line, n.Name)
		case mark == done:
			return nil
		}
		seen[n] = entered
		for _, e := range n.In {
			if err := visit(e.From); err != nil {
				return err
			}
		}
		seen[n] = done
		ordered = append(ordered, n)
		return nil
	}
	for _, n := range nodes {
		if err := visit(n); err != nil {
			return nil, err
		}
	}
	return ordered, nil
}

// divide makes the subtopologies: sets of nodes that are connected by edges,
// share a store, or need co-partitioning.
func (g *Graph) divide(ordered []*Node) {
	sets := union{}
	users := map[string]*Node{} // of each store, the first
	for _, n := range ordered {
		for _, e := range n.In {
			sets.join(e.From, n)
		}
		for _, store := range n.Stores {
			if users[store] == nil {
				users[store] = n
			}
			sets.join(users[store], n)
		}
	}
	subs := map[*Node]*Subtopology{}
	for _, n := range g.Nodes {
		root := sets.root(n)
		if subs[root] == nil {
			subs[root] = &Subtopology{ID: len(g.Subtopologies)}
			g.Subtopologies = append(g.Subtopologies, subs[root])
		}
	}
	for _, n := range ordered {
		sub := subs[sets.root(n)]
		sub.Nodes = append(sub.Nodes, n)
		if n.Source != nil {
			sub.Sources = append(sub.Sources, n)
		}
		if n.Sink != nil {
			sub.Sinks = append(sub.Sinks, n)
		}
		for _, name := range n.Stores {
			if s := g.Stores[name]; !slices.Contains(sub.Stores, s) {
				sub.Stores = append(sub.Stores, s)
			}
		}
		for _, name := range n.Globals {
			if t := g.Global(name); !slices.Contains(sub.Globals, t) {
				sub.Globals = append(sub.Globals, t)
			}
		}
	}
	for _, sub := range g.Subtopologies {
		sub.CoPartitioned = sub.coPartitioned()
	}
}

// coPartitioned returns the groups of sources that meet in a node which needs
// equal keys in equal partitions. A source of several topics is a group too.
func (sub *Subtopology) coPartitioned() [][]*Node {
	sets := union{}
	var members []*Node
	for _, n := range sub.Nodes {
		if !n.CoPartition {
			continue
		}
		before := sub.sourcesBefore(n)
		for _, src := range before {
			sets.join(before[0], src)
			if !slices.Contains(members, src) {
				members = append(members, src)
			}
		}
	}
	slices.SortFunc(members, func(a, b *Node) int { return cmp.Compare(a.ID, b.ID) })
	var groups [][]*Node
	at := map[*Node]int{}
	for _, src := range members {
		root := sets.root(src)
		if _, ok := at[root]; !ok {
			at[root] = len(groups)
			groups = append(groups, nil)
		}
		groups[at[root]] = append(groups[at[root]], src)
	}
	return slices.DeleteFunc(groups, func(group []*Node) bool {
		return len(group) == 1 && len(group[0].Source.Topics) == 1
	})
}

// sourcesBefore are the sources that records come from on their way to n.
func (sub *Subtopology) sourcesBefore(n *Node) []*Node {
	before := map[*Node]bool{n: true}
	var sources []*Node
	for _, m := range slices.Backward(sub.Nodes) { // those behind come first
		if !before[m] {
			continue
		}
		if m.Source != nil {
			sources = append(sources, m)
		}
		for _, e := range m.In {
			before[e.From] = true
		}
	}
	slices.Reverse(sources)
	return sources
}

// union is a set of disjoint sets of nodes; a node that was never joined is a
// set of its own.
type union map[*Node]*Node

func (u union) root(n *Node) *Node {
	for u[n] != nil {
		n = u[n]
	}
	return n
}

func (u union) join(a, b *Node) {
	if a, b = u.root(a), u.root(b); a != b {
		u[b] = a
	}
}
