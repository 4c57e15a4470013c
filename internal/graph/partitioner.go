package graph

import (
	"fmt"
	"slices"
)

// checkPartitioners reports nodes that need equal keys in equal partitions and
// whose topics this topology writes by different partitioners. How topics that
// others write are partitioned is not known.
func (g *Graph) checkPartitioners() (errs []error) {
	for _, sub := range g.Subtopologies {
		for _, n := range sub.Nodes {
			if !n.CoPartition {
				continue
			}
			var first *Node
			for _, src := range sub.sourcesBefore(n) {
				for _, w := range g.writers(src.Source) {
					if w.Sink.Answers {
						continue
					}
					if first == nil {
						first = w
					}
					if w.Sink.Partitioner != first.Sink.Partitioner {
						errs = append(errs, fmt.Errorf("%s: %s needs equal keys in equal partitions, but %s (%s) and %s (%s) choose them by different functions: give both the same option Partitioner",
							n.Line, n.Name, first.Name, first.Line, w.Name, w.Line))
					}
				}
			}
		}
	}
	return errs
}

// writers are the sinks that write what a source reads.
func (g *Graph) writers(src *Source) (sinks []*Node) {
	for _, n := range g.Nodes {
		if s := n.Sink; s != nil && !s.Chosen && s.Repartition == src.Repartition && (s.Repartition != nil || slices.Contains(src.Topics, s.Topic)) {
			sinks = append(sinks, n)
		}
	}
	return sinks
}
