package graph

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Layout is a Graph on the topics of a cluster: how many tasks there are, and
// how many partitions internal topics need.
type Layout struct {
	// Inputs are the topics that each subtopology reads, by its ID.
	Inputs [][]TopicPartitions
	// Tasks is the number of tasks of each subtopology, by its ID: the most
	// partitions that one of its inputs has. Task i processes partition i of
	// every input that has one. The changelog topics of the subtopology's
	// stores need one partition per task.
	Tasks []int
	// Repartitions are the partition counts that the repartition topics need,
	// by the names that users gave them.
	Repartitions map[string]int
}

// TopicPartitions is a topic that a source reads.
type TopicPartitions struct {
	Topic      string // full name
	Source     *Node
	Partitions int
}

// Layout lays the graph out on topics. topics returns the full names of what a
// source reads, those that match its pattern included; partitions returns the
// partition count of a topic, false if it does not exist.
//
// A repartition topic that exists keeps its count. A new one gets the count
// that was asked for, else that of the topics it must be co-partitioned with,
// else the widest input of the subtopologies that write it.
func (g *Graph) Layout(topics func(src *Node) []string, partitions func(topic string) (int, bool)) (*Layout, error) {
	l := &layouter{g: g, names: map[*Node][]string{}, counts: map[string]int{}}
	for _, sub := range g.Subtopologies {
		for _, src := range sub.Sources {
			l.names[src] = topics(src)
			for _, topic := range l.names[src] {
				l.addTopic(src, topic, partitions)
			}
		}
	}
	for l.solve(false) || l.solve(true) {
	}
	l.checkSolved()
	for _, sub := range g.Subtopologies {
		for _, group := range sub.CoPartitioned {
			l.checkGroup(sub, group)
		}
	}
	if len(l.errs) > 0 {
		return nil, errors.Join(l.errs...)
	}
	return l.layout(), nil
}

// layouter is the state of one call of Layout.
type layouter struct {
	g      *Graph
	names  map[*Node][]string
	counts map[string]int // of topics whose count is known
	errs   []error
}

func (l *layouter) failf(n *Node, format string, args ...any) {
	l.errs = append(l.errs, fmt.Errorf("%s: %w", n.Line, fmt.Errorf(format, args...)))
}

// addTopic notes what is known of a topic before anything is solved.
func (l *layouter) addTopic(src *Node, topic string, partitions func(string) (int, bool)) {
	have, exists := partitions(topic)
	if exists {
		l.counts[topic] = have
	}
	r := src.Source.Repartition
	switch {
	case r == nil && !exists:
		l.failf(src, "topic %s does not exist: create it before the application starts", topic)
	case r != nil && r.Partitions > 0 && exists && have != r.Partitions:
		l.failf(src, "repartition topic %s has %d partitions and not %d: ask for %d, or stop all instances, "+
			"let them process what is in the topic, delete it and reset the application", topic, have, r.Partitions, have)
	case r != nil && r.Partitions > 0:
		l.counts[topic] = r.Partitions
	}
}

// solve finds the counts of repartition topics that follow from those known
// so far, and reports whether it found any. When there is nothing more, topics
// in a circle wait for each other: one that is merged with what is before it
// is its own input. circular then finds the count of one topic from the inputs
// of the whole circle.
func (l *layouter) solve(circular bool) (found bool) {
	for _, sub := range l.g.Subtopologies {
		for _, src := range sub.Sources {
			if src.Source.Repartition == nil {
				continue
			}
			topic := l.names[src][0]
			if _, known := l.counts[topic]; known {
				continue
			}
			if n := l.demand(sub, src, circular); n > 0 {
				l.counts[topic] = n
				found = true
				if circular {
					return true
				}
			}
		}
	}
	return found
}

// demand is the partition count that a repartition topic should have, 0 if
// that is not known yet.
func (l *layouter) demand(sub *Subtopology, src *Node, circular bool) int {
	var sources []*Node
	for _, group := range sub.CoPartitioned {
		if !slices.Contains(group, src) {
			continue
		}
		for _, member := range group {
			r := member.Source.Repartition
			for _, topic := range l.names[member] {
				if n, known := l.counts[topic]; known && (r == nil || r.Partitions > 0) {
					return n
				}
			}
			if r != nil {
				sources = append(sources, member)
			}
		}
	}
	if sources == nil {
		sources = []*Node{src}
	}
	// Topics that are co-partitioned with new ones alone all get the widest's
	// count.
	widest := 0
	for _, s := range sources {
		n := l.counts[l.names[s][0]]
		if n == 0 {
			var circle map[*Repartition]bool
			if circular {
				circle = map[*Repartition]bool{}
			}
			n = l.widestBefore(s.Source.Repartition, circle)
		}
		if n == 0 && !circular {
			return 0
		}
		widest = max(widest, n)
	}
	return widest
}

// widestBefore is the count of the widest input of the subtopologies that
// write r, 0 if one of them is not known yet. With a circle, which collects
// what was asked, the widest input of an unknown one takes its place.
func (l *layouter) widestBefore(r *Repartition, circle map[*Repartition]bool) int {
	widest := 0
	if circle != nil {
		circle[r] = true
	}
	for _, sub := range l.g.Subtopologies {
		if !slices.ContainsFunc(sub.Sinks, func(n *Node) bool { return n.Sink.Repartition == r }) {
			continue
		}
		for _, src := range sub.Sources {
			for _, topic := range l.names[src] {
				n, known := l.counts[topic]
				if !known && circle == nil {
					return 0
				}
				if next := src.Source.Repartition; !known && next != nil && !circle[next] {
					n = l.widestBefore(next, circle)
				}
				widest = max(widest, n)
			}
		}
	}
	return widest
}

// checkSolved reports repartition topics whose count does not follow from
// anything, for example behind a pattern that matches no topic.
func (l *layouter) checkSolved() {
	if len(l.errs) > 0 {
		return // of a missing topic: that is the cause
	}
	for _, sub := range l.g.Subtopologies {
		for _, src := range sub.Sources {
			for _, topic := range l.names[src] {
				if l.counts[topic] == 0 {
					l.failf(src, "nothing says how many partitions %s needs: its inputs have none yet; give it the option Partitions", topic)
				}
			}
		}
	}
}

// checkGroup reports topics of a group that differ in their counts.
func (l *layouter) checkGroup(sub *Subtopology, group []*Node) {
	byCount := map[int][]string{}
	for _, src := range group {
		for _, topic := range l.names[src] {
			if n := l.counts[topic]; n > 0 {
				byCount[n] = append(byCount[n], topic)
			}
		}
	}
	if len(byCount) < 2 {
		return
	}
	var sides []string
	counts := slices.Sorted(maps.Keys(byCount))
	for _, n := range counts {
		slices.Sort(byCount[n])
		sides = append(sides, fmt.Sprintf("%d: %s", n, strings.Join(byCount[n], ", ")))
	}
	n := sub.meeting(group)
	l.failf(n, "%s needs equal keys in equal partitions, but its topics have different numbers of them (%s): "+
		"send one side through topology.Repartition with the option Partitions(%d); a table that is read from a topic is then topology.ToTable of a stream of it, behind that",
		n.Name, strings.Join(sides, "; "), counts[len(counts)-1])
}

// meeting is the first node that makes group one.
func (sub *Subtopology) meeting(group []*Node) *Node {
	for _, n := range sub.Nodes {
		if !n.CoPartition {
			continue
		}
		before := sub.sourcesBefore(n)
		if slices.Contains(group, before[0]) && (len(before) > 1 || len(group) == 1) {
			return n
		}
	}
	return group[0]
}

func (l *layouter) layout() *Layout {
	out := &Layout{Repartitions: map[string]int{}}
	for _, sub := range l.g.Subtopologies {
		var inputs []TopicPartitions
		tasks := 0
		for _, src := range sub.Sources {
			for _, topic := range l.names[src] {
				n := l.counts[topic]
				inputs = append(inputs, TopicPartitions{Topic: topic, Source: src, Partitions: n})
				tasks = max(tasks, n)
				if r := src.Source.Repartition; r != nil {
					out.Repartitions[r.Name] = n
				}
			}
		}
		out.Inputs = append(out.Inputs, inputs)
		out.Tasks = append(out.Tasks, tasks)
	}
	return out
}
