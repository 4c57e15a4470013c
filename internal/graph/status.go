package graph

import "github.com/millrace-io/millrace/status"

// Version is that of a described topology, status.Graph.Version.
const Version = 1

// Status returns the graph as plain data.
func (g *Graph) Status() status.Graph {
	out := status.Graph{Version: Version, Hash: g.Hash(), Types: g.types()}
	for _, sub := range g.Subtopologies {
		out.Subtopologies = append(out.Subtopologies, sub.status())
	}
	for _, t := range g.Globals {
		out.Globals = append(out.Globals, status.GlobalSpec{
			Name: t.Name, Topic: t.Topic(), Key: t.Key, Value: t.Value, Detail: t.Detail, Line: t.Line,
		})
	}
	return out
}

func (sub *Subtopology) status() status.Subtopology {
	out := status.Subtopology{ID: sub.ID}
	for _, n := range sub.Nodes {
		out.Nodes = append(out.Nodes, n.status())
		for _, e := range n.In {
			p := e.From.Out[e.Port]
			out.Edges = append(out.Edges, status.Edge{
				From: e.From.Name, To: n.Name, Port: e.Port, PortName: p.Name, Input: e.In, Key: p.Key, Value: p.Value,
			})
		}
	}
	for _, s := range sub.Stores {
		out.Stores = append(out.Stores, status.StoreSpec{
			Name: s.Name, Key: s.Key, Value: s.Value, Logged: s.Logged, Format: s.Format.String(),
			LogConfig: s.LogConfig, Detail: s.Detail, Line: s.Line,
		})
	}
	for _, group := range sub.CoPartitioned {
		var names []string
		for _, src := range group {
			names = append(names, src.Name)
		}
		if len(names) > 1 {
			out.CoPartitioned = append(out.CoPartitioned, names)
		}
	}
	return out
}

func (n *Node) status() status.Node {
	out := status.Node{Name: n.Name, Op: n.Op, Stores: n.Stores, Globals: n.Globals, StreamTime: n.StreamTime, Detail: n.Detail, Line: n.Line}
	switch {
	case len(n.Out) > 0:
		out.Key, out.Value = n.Out[0].Key, n.Out[0].Value
	case n.Sink != nil:
		p := n.In[0].From.Out[n.In[0].Port]
		out.Key, out.Value = p.Key, p.Value
	}
	switch {
	case n.Source != nil && n.Source.Repartition != nil:
		n.Source.Repartition.status(&out)
	case n.Source != nil:
		out.Topics, out.Pattern, out.Start = n.Source.Topics, n.Source.Pattern, n.Source.Start.String()
	case n.Sink != nil && n.Sink.Repartition != nil:
		n.Sink.Repartition.status(&out)
	case n.Sink != nil && n.Sink.Chosen:
		out.Chosen = true
	case n.Sink != nil:
		out.Topics = []string{n.Sink.Topic}
	}
	return out
}

// status describes a node that reads or writes the internal topic.
func (r *Repartition) status(n *status.Node) {
	n.Topics, n.Suffix, n.Internal, n.Partitions = []string{r.Name}, r.Suffix, true, r.Partitions
}

// String names the place without the time or the offsets, which may differ
// between two instances of one program.
func (s Start) String() string {
	switch {
	case s.Offsets != nil:
		return "offsets"
	case s.At == Latest:
		return "latest"
	case s.At == AtTime:
		return "time"
	}
	return "earliest"
}
