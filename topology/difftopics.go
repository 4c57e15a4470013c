package topology

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/status"
)

// repartitions compares the internal topics between subtopologies.
func (d *diff) repartitions() {
	for _, topic := range sorted(d.old.repartitions) {
		old := d.old.repartitions[topic]
		what := "repartition topic " + topic
		new, ok := d.new.repartitions[topic]
		if !ok {
			d.add(repartitionRemoved, what, "topic", internalName(old.Node, topic))
			continue
		}
		if was, is, same := d.records(old.Node, new.Node); !same {
			d.add(repartitionTypes, what, "topic", internalName(new.Node, topic), "old", was, "new", is)
		}
		if d.old.partitioners[topic] != d.new.partitioners[topic] {
			d.add(repartitionPartitioner, what)
		}
		if old.Partitions != new.Partitions {
			c := repartitionCount
			if old.Partitions == 0 {
				c = repartitionCountAsked
			} else if new.Partitions == 0 {
				c = repartitionCountLeft
			}
			d.add(c, what, "old", strconv.Itoa(old.Partitions), "new", strconv.Itoa(new.Partitions))
		}
	}
	for _, topic := range sorted(d.new.repartitions) {
		if _, ok := d.old.repartitions[topic]; !ok {
			d.add(repartitionAdded, "repartition topic "+topic, "topic", internalName(d.new.repartitions[topic].Node, topic))
		}
	}
}

// internalName is the full name of an internal topic that n reads or writes.
func internalName(n status.Node, topic string) string {
	return graph.RepartitionTopic("<app>", topic, n.Suffix)
}

// records says what a topic holds by two descriptions of the node that reads
// or writes it, and whether that is the same but for names of structs.
func (d *diff) records(old, new status.Node) (was, is string, same bool) {
	oldSerdes, _ := part(old.Detail, "serdes")
	newSerdes, _ := part(new.Detail, "serdes")
	same = oldSerdes == newSerdes && d.sameTypes(old.Key, new.Key) && d.sameTypes(old.Value, new.Value)
	return records(old.Key, old.Value, old.Detail), records(new.Key, new.Value, new.Detail), same
}

// sources compares what is read. It matters which topics those are, and not by
// which nodes: offsets are committed by topic.
func (d *diff) sources() {
	for _, topic := range sorted(d.old.reads) {
		old := d.old.reads[topic]
		new, ok := d.new.reads[topic]
		what := topicName(topic)
		if !ok {
			if !d.new.covers(topic) {
				d.add(topicRemoved, what)
			}
			continue
		}
		if was, is, same := d.records(old.Node, new.Node); !same {
			d.add(topicTypes, what, "old", was, "new", is)
		}
		if old.Start != new.Start {
			d.add(topicStart, what, "old", startName(old.Start), "new", startName(new.Start))
		}
	}
	for _, topic := range sorted(d.new.reads) {
		if _, ok := d.old.reads[topic]; !ok && !d.old.covers(topic) {
			d.add(topicAdded, topicName(topic), "new", startName(d.new.reads[topic].Start))
		}
	}
}

// covers reports whether a topic is read, by name or by a pattern.
func (d *description) covers(topic string) bool {
	if _, ok := d.reads[topic]; ok {
		return true
	}
	for name := range d.reads {
		if pattern, ok := strings.CutPrefix(name, "pattern "); ok {
			if re, err := regexp.Compile(pattern); err == nil && re.MatchString(topic) {
				return true
			}
		}
	}
	return false
}

// topicName is how findings call what a source reads.
func topicName(topic string) string {
	if strings.HasPrefix(topic, "pattern ") {
		return topic
	}
	return "topic " + topic
}

// startName says where a source starts, for texts.
func startName(start string) string {
	switch start {
	case "latest":
		return "the latest records"
	case "time":
		return "the time given"
	case "offsets":
		return "the offsets given"
	}
	return "the earliest records"
}

// coPartitions finds topics that must have equal partition counts and did not
// have to before.
func (d *diff) coPartitions() {
	before := d.old.groups()
	for _, group := range d.new.groups() {
		if !slices.ContainsFunc(before, func(old []string) bool { return containsAll(old, group) }) {
			d.add(coPartitioned, "co-partitioning", "new", list(group))
		}
	}
}

// groups are the topics that need equal partition counts.
func (d *description) groups() (groups [][]string) {
	for _, sub := range d.Subtopologies {
		for _, names := range sub.CoPartitioned {
			var group []string
			for _, n := range sub.Sources() {
				if !slices.Contains(names, n.Name) {
					continue
				}
				for _, topic := range topicsOf(n) {
					if n.Internal {
						topic = internalName(n, topic)
					}
					group = append(group, topic)
				}
			}
			slices.Sort(group)
			if group = slices.Compact(group); len(group) > 1 {
				groups = append(groups, group)
			}
		}
	}
	return groups
}

func containsAll(all, some []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// sinks compares what is written.
func (d *diff) sinks() {
	moved := map[string]bool{} // topics that a finding has named as new
	for _, topic := range sorted(d.old.writes) {
		old := d.old.writes[topic]
		new, ok := d.new.writes[topic]
		what := "topic " + topic
		if ok {
			if was, is, same := d.records(old.Node, new.Node); !same {
				d.add(sinkTypes, what, "old", was, "new", is)
			}
			was, _ := part(old.Detail, "partitioner")
			if is, _ := part(new.Detail, "partitioner"); was != is {
				d.add(sinkPartitioner, what)
			}
			continue
		}
		to := d.new.nodes[old.Name]
		if len(to.Topics) == 1 && !to.Internal && d.new.writes[to.Topics[0]].Name == old.Name && d.old.writes[to.Topics[0]].Name == "" {
			moved[to.Topics[0]] = true
			d.add(sinkTopic, what, "node", old.Name, "old", topic, "new", to.Topics[0])
			continue
		}
		d.add(sinkRemoved, what)
	}
	for _, topic := range sorted(d.new.writes) {
		if _, ok := d.old.writes[topic]; !ok && !moved[topic] && topic != chosenTopics {
			d.add(sinkAdded, "topic "+topic)
		}
	}
}
