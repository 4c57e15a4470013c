package streamstest

import (
	"maps"
	"regexp"
	"slices"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
)

// topic is a log with partitions. It only ever holds committed records, and
// its offsets have no gaps: what is not committed waits elsewhere.
type topic struct {
	name       string
	log        []entry // in the order in which they were committed
	partitions []*partition
	// reader is the node that reads it, nil if none does; global is a global
	// table that is made of it.
	reader *graph.Node
	global *graph.Global

	produced uint64 // records that sinks wrote
}

type entry struct {
	graph.Input
	partition int32
}

type partition struct {
	records []int // places in the topic's log, by offset
	// next and metadata are the committed offset of the one consumer group
	// that there is. next is -1 before the first commit.
	next     int64
	metadata string
	task     *running // that reads it; nil while it is down, or if none does
}

// layOut makes the topics of the topology.
func (d *Driver) layOut() (err error) {
	for name, n := range d.cfg.Partitions {
		d.addTopic(name, n)
	}
	known := slices.Sorted(maps.Keys(d.topics))
	read := func(src *graph.Node) []string {
		if src.Source.Pattern == "" {
			return src.Source.TopicNames(d.cfg.AppID)
		}
		re := regexp.MustCompile(src.Source.Pattern) // checked at build
		var names []string
		for _, name := range known {
			if re.MatchString(name) && !graph.Internal(d.cfg.AppID, name) {
				names = append(names, name)
			}
		}
		return names
	}
	d.layout, err = d.graph.Layout(read, func(name string) (int, bool) {
		n, ok := d.cfg.Partitions[name]
		if !ok {
			n = 1
		}
		return n, ok || !graph.Internal(d.cfg.AppID, name)
	})
	if err != nil {
		return err
	}
	for _, sub := range d.graph.Subtopologies {
		for _, in := range d.layout.Inputs[sub.ID] {
			d.addTopic(in.Topic, in.Partitions).reader = in.Source
		}
		for _, s := range sub.Stores {
			if s.Logged {
				d.addTopic(graph.ChangelogTopic(d.cfg.AppID, s.Name), d.layout.Tasks[sub.ID])
			}
		}
	}
	for _, g := range d.graph.Globals {
		d.written(g.Topic()).global = g
	}
	return nil
}

// addTopic makes a topic unless it exists.
func (d *Driver) addTopic(name string, partitions int) *topic {
	t := d.topics[name]
	if t != nil {
		return t
	}
	t = &topic{name: name}
	for range partitions {
		t.partitions = append(t.partitions, &partition{next: -1})
	}
	d.topics[name] = t
	return t
}

// partitions is the partition count of a topic that may be written to.
func (d *Driver) partitions(name string) (int, error) {
	if t := d.topics[name]; t != nil {
		return len(t.partitions), nil
	}
	return max(1, d.cfg.Partitions[name]), nil
}

// written is a topic that is written to: it is made if it does not exist.
func (d *Driver) written(name string) *topic {
	if t := d.topics[name]; t != nil {
		return t
	}
	n, _ := d.partitions(name)
	return d.addTopic(name, n)
}

// append adds a record whose bytes nobody else holds, and wakes its reader.
// Partition -1 is that of Kafka's default partitioner; records without a key
// take the partitions in turn.
func (d *Driver) append(t *topic, partition int32, in graph.Input) {
	if partition < 0 {
		if in.Key != nil {
			partition = graph.Partition(in.Key, len(t.partitions))
		} else {
			partition = int32(len(t.log) % len(t.partitions))
		}
	}
	p := t.partitions[partition]
	in.Offset = int64(len(p.records))
	p.records = append(p.records, len(t.log))
	t.log = append(t.log, entry{in, partition})
	d.behind = d.behind || t.global != nil
	if p.task != nil {
		d.wake(p.task)
	}
}

// end is the offset after the last record.
func (p *partition) end() int64 { return int64(len(p.records)) }

// commit takes a committed offset.
func (d *Driver) commitOffset(o task.Offset) {
	p := d.topics[o.Topic].partitions[o.Partition]
	p.next, p.metadata = o.Next, o.Metadata
}
