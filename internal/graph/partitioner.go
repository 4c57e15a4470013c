package graph

import "fmt"

// checkPartitioners reports nodes that need equal keys in equal partitions and
// whose repartition topics are written by different partitioners. How topics
// that others write are partitioned is not known.
func (g *Graph) checkPartitioners() (errs []error) {
	writers := map[*Repartition][]*Node{}
	for _, n := range g.Nodes {
		if n.Sink != nil && n.Sink.Repartition != nil {
			writers[n.Sink.Repartition] = append(writers[n.Sink.Repartition], n)
		}
	}
	for _, sub := range g.Subtopologies {
		for _, n := range sub.Nodes {
			if !n.CoPartition {
				continue
			}
			var first *Node
			for _, src := range sub.sourcesBefore(n) {
				for _, w := range writers[src.Source.Repartition] {
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
