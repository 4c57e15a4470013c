package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/millrace-io/millrace/status"
)

// Status returns the graph as plain data.
func (g *Graph) Status() status.Graph {
	out := status.Graph{Hash: g.Hash()}
	for _, sub := range g.Subtopologies {
		out.Subtopologies = append(out.Subtopologies, sub.status())
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
				From: e.From.Name, To: n.Name, Port: e.Port, Input: e.In, Key: p.Key, Value: p.Value,
			})
		}
	}
	for _, s := range sub.Stores {
		out.Stores = append(out.Stores, status.StoreSpec{Name: s.Name, Key: s.Key, Value: s.Value, Logged: s.Logged, Line: s.Line})
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
	out := status.Node{Name: n.Name, Op: n.Op, Stores: n.Stores, Detail: n.Detail, Line: n.Line}
	switch {
	case len(n.Out) > 0:
		out.Key, out.Value = n.Out[0].Key, n.Out[0].Value
	case n.Sink != nil:
		p := n.In[0].From.Out[n.In[0].Port]
		out.Key, out.Value = p.Key, p.Value
	}
	switch {
	case n.Source != nil && n.Source.Repartition != nil:
		out.Topics, out.Internal = []string{n.Source.Repartition.Name}, true
	case n.Source != nil:
		out.Topics, out.Pattern = n.Source.Topics, n.Source.Pattern
	case n.Sink != nil && n.Sink.Repartition != nil:
		out.Topics, out.Internal = []string{n.Sink.Repartition.Name}, true
	case n.Sink != nil:
		out.Topics = []string{n.Sink.Topic}
	}
	return out
}

// Hash identifies the topology: it changes with the text of Describe and with
// nothing else.
func (g *Graph) Hash() string {
	sum := sha256.Sum256([]byte(g.Describe()))
	return hex.EncodeToString(sum[:8])
}

// Describe returns the graph as text for readers: subtopologies, their nodes
// in topological order, types, topics and stores. Places in the user's code
// are left out, so that the text changes with the topology only.
func (g *Graph) Describe() string {
	var b strings.Builder
	for i, sub := range g.Subtopologies {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "subtopology %d\n", sub.ID)
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, n := range sub.Nodes {
			n.describe(w)
		}
		for _, s := range sub.Stores {
			log := "logged"
			if !s.Logged {
				log = "not logged"
			}
			if s.Detail != "" {
				log += "; " + s.Detail
			}
			fmt.Fprintf(w, "  %s\tstore\t\t%s, %s\t%s\n", s.Name, s.Key, s.Value, log)
		}
		w.Flush()
		for _, group := range sub.status().CoPartitioned {
			fmt.Fprintf(&b, "  co-partitioned: %s\n", strings.Join(group, ", "))
		}
	}
	return b.String()
}

// describe writes one line: name, operator, what comes in, what goes out.
func (n *Node) describe(w *tabwriter.Writer) {
	s := n.status()
	var in, notes []string
	for _, e := range n.In {
		from := e.From.Name
		switch port := &e.From.Out[e.Port]; {
		case port.Name != "":
			from += "." + port.Name
		case len(e.From.Out) > 1 && e.Port > 0:
			from = fmt.Sprintf("%s.%d", from, e.Port)
		}
		in = append(in, from)
	}
	topics := strings.Join(s.Topics, ", ")
	switch {
	case s.Internal:
		topics = "<app>-" + topics + "-repartition"
	case s.Pattern != "":
		topics = "pattern " + s.Pattern
	}
	if n.Source != nil {
		in = append(in, topics)
	}
	if n.Sink != nil {
		notes = append(notes, "-> "+topics)
	}
	if len(s.Stores) > 0 {
		notes = append(notes, "stores "+strings.Join(s.Stores, ", "))
	}
	if s.Detail != "" {
		notes = append(notes, s.Detail)
	}
	fmt.Fprintf(w, "  %s\t%s\t%s\t%s, %s", s.Name, s.Op, strings.Join(in, ", "), s.Key, s.Value)
	if len(notes) > 0 {
		fmt.Fprintf(w, "\t%s", strings.Join(notes, "; "))
	}
	fmt.Fprintln(w)
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
