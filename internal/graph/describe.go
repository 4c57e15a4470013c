package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/status"
)

// Hash identifies the topology: it changes with the text of Describe up to the
// types, and with nothing else. A struct that gets a field is no other
// topology.
func (g *Graph) Hash() string {
	sum := sha256.Sum256([]byte(g.describe()))
	return hex.EncodeToString(sum[:8])
}

// Describe returns the graph as text for readers: subtopologies, their nodes
// in topological order, types, topics and stores, and the fields of structs.
// Places in the user's code are left out, so that the text changes with the
// topology only.
func (g *Graph) Describe() string { return g.describe() + describeTypes(g.types()) }

// describe is Describe without the fields of structs.
func (g *Graph) describe() string {
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
			s.describe(w)
		}
		w.Flush()
		for _, group := range sub.status().CoPartitioned {
			fmt.Fprintf(&b, "  co-partitioned: %s\n", strings.Join(group, ", "))
		}
	}
	if len(g.Globals) > 0 {
		b.WriteString("\nglobal tables\n")
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, t := range g.Globals {
			fmt.Fprintf(w, "  %s\t%s\t%s, %s\t%s\n", t.Name, t.Topic(), t.Key, t.Value, t.Detail)
		}
		w.Flush()
	}
	return b.String()
}

// describe writes one line: name, types, and how the store is kept.
func (s *StoreSpec) describe(w io.Writer) {
	notes := []string{"logged"}
	if !s.Logged {
		notes[0] = "not logged"
	}
	if s.Format != state.Timestamped {
		notes = append(notes, s.Format.String())
	}
	if s.Detail != "" {
		notes = append(notes, s.Detail)
	}
	for _, key := range sortedKeys(s.LogConfig) {
		notes = append(notes, key+"="+s.LogConfig[key])
	}
	fmt.Fprintf(w, "  %s\tstore\t\t%s, %s\t%s\n", s.Name, s.Key, s.Value, strings.Join(notes, "; "))
}

// describeTypes lists structs with their fields, and what those are called in
// JSON if they have a tag.
func describeTypes(types []status.Type) string {
	if len(types) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\ntypes\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for i, t := range types {
		same := func(other status.Type) bool { return other.Name == t.Name }
		name := t.Name
		if slices.ContainsFunc(types[:i], same) || slices.ContainsFunc(types[i+1:], same) {
			name += " of " + t.Package
		}
		fmt.Fprintf(w, "  %s\n", name)
		for _, f := range t.Fields {
			fmt.Fprintf(w, "    %s\t%s", f.Name, f.Type)
			switch f.JSON {
			case "":
			case "-":
				fmt.Fprint(w, "\tnot in json")
			default:
				fmt.Fprintf(w, "\tjson %s", f.JSON)
			}
			fmt.Fprintln(w)
		}
	}
	w.Flush()
	return b.String()
}

// describe writes one line: name, operator, what comes in, what goes out.
func (n *Node) describe(w io.Writer) {
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
		topics = RepartitionTopic("<app>", topics, s.Suffix)
	case s.Pattern != "":
		topics = "pattern " + s.Pattern
	case s.Chosen:
		topics = "a topic per record"
	}
	if n.Source != nil {
		in = append(in, topics)
		if s.Start != "" && s.Start != "earliest" {
			notes = append(notes, "from "+s.Start)
		}
	}
	if n.Sink != nil {
		notes = append(notes, "-> "+topics)
	}
	if s.Partitions > 0 && n.Sink != nil {
		notes = append(notes, fmt.Sprintf("partitions %d", s.Partitions))
	}
	if len(s.Stores) > 0 {
		notes = append(notes, "stores "+strings.Join(s.Stores, ", "))
	}
	if len(s.Globals) > 0 {
		notes = append(notes, "global tables "+strings.Join(s.Globals, ", "))
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
