package topology

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/status"
)

// description is a status.Graph with what is compared in it by name. It may
// come from anywhere: edges may lead nowhere, and names may be there twice.
type description struct {
	status.Graph
	stores map[string]storeAt
	nodes  map[string]nodeAt
	// reads are the sources of user topics and of patterns, repartitions those
	// of internal ones, writes the sinks of user topics.
	reads, repartitions, writes map[string]nodeAt
	// partitioners say how the partitions of repartition topics are chosen, if
	// it is by a function of the user's.
	partitioners map[string]string
	types        map[string]status.Type
}

// storeAt is a store and the index of its subtopology, nodeAt the same.
type storeAt struct {
	status.StoreSpec
	sub int
}

type nodeAt struct {
	status.Node
	sub int
}

// readDescription reads what Builder.JSON wrote; which is for errors.
func readDescription(which string, text []byte) (*description, error) {
	d := &description{
		stores: map[string]storeAt{}, nodes: map[string]nodeAt{}, types: map[string]status.Type{},
		reads: map[string]nodeAt{}, repartitions: map[string]nodeAt{}, writes: map[string]nodeAt{},
		partitioners: map[string]string{},
	}
	var header struct{ Version int } // of a newer version the rest may be anything
	switch err := json.Unmarshal(text, &header); {
	case err != nil:
		return nil, fmt.Errorf("the %s description: %w", which, err)
	case header.Version > graph.Version:
		return nil, fmt.Errorf("the %s description is of version %d and this program knows %d: use a newer one", which, header.Version, graph.Version)
	case header.Version < 1:
		return nil, fmt.Errorf("the %s description has no version: make it with Builder.JSON", which)
	}
	if err := json.Unmarshal(text, &d.Graph); err != nil {
		return nil, fmt.Errorf("the %s description: %w", which, err)
	}
	for i, sub := range d.Subtopologies {
		d.index(i, sub)
	}
	for _, t := range d.Types {
		d.types[t.Name] = t
	}
	return d, nil
}

func (d *description) index(i int, sub status.Subtopology) {
	for _, s := range sub.Stores {
		d.stores[s.Name] = storeAt{s, i}
	}
	for _, n := range sub.Nodes {
		d.nodes[n.Name] = nodeAt{n, i}
	}
	for _, n := range sub.Sources() {
		by := d.reads
		if n.Internal {
			by = d.repartitions
		}
		for _, topic := range topicsOf(n) {
			by[topic] = nodeAt{n, i}
		}
	}
	for _, n := range sub.Sinks() {
		for _, topic := range n.Topics {
			if n.Internal {
				d.partitioners[topic], _ = part(n.Detail, "partitioner")
			} else {
				d.writes[topic] = nodeAt{n, i}
			}
		}
		if n.Chosen {
			d.writes[chosenTopics] = nodeAt{n, i}
		}
	}
}

// chosenTopics stands for those that a sink chooses for each record.
const chosenTopics = "chosen for each record"

// topicsOf are the names of what a source reads, a pattern among them.
func topicsOf(n status.Node) []string {
	if n.Pattern != "" {
		return []string{"pattern " + n.Pattern}
	}
	return n.Topics
}

// inputs are what subtopology i reads, in order; internal topics by full name.
func (d *description) inputs(i int) []string {
	var names []string
	for _, n := range d.Subtopologies[i].Sources() {
		for _, topic := range topicsOf(n) {
			if n.Internal {
				topic = internalName(n, topic)
			}
			names = append(names, topic)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// origins are the topics of others from which records come into subtopology i,
// directly or through internal topics.
func (d *description) origins(i int) map[string]bool {
	found := map[string]bool{}
	seen := map[int]bool{}
	var visit func(i int)
	visit = func(i int) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, n := range d.Subtopologies[i].Sources() {
			for _, topic := range topicsOf(n) {
				if !n.Internal {
					found[topic] = true
					continue
				}
				for j, sub := range d.Subtopologies {
					if slices.ContainsFunc(sub.Sinks(), func(n status.Node) bool {
						return n.Internal && slices.Contains(n.Topics, topic)
					}) {
						visit(j)
					}
				}
			}
		}
	}
	visit(i)
	return found
}

// part is the part of a detail that begins with a word, "" if there is none,
// and rest what the others are.
func part(detail, word string) (found, rest string) {
	var others []string
	for _, p := range strings.Split(detail, "; ") {
		if after, ok := strings.CutPrefix(p, word+" "); ok {
			found = after
		} else if p != "" {
			others = append(others, p)
		}
	}
	return found, strings.Join(others, "; ")
}

// records is what a topic holds as far as it is declared, for texts.
func records(key, value, detail string) string {
	text := key + ", " + value
	if serdes, _ := part(detail, "serdes"); serdes != "" {
		text += " (" + serdes + ")"
	}
	return text
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
