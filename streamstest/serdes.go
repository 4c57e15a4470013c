package streamstest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// serdes finds those of a topic for types that the test has chosen.
func serdes[K, V any](d *Driver, topic string, opts []topology.Option) (serde.Serde[K], serde.Serde[V]) {
	d.tb.Helper()
	o := &graph.Options{}
	for _, opt := range opts {
		opt(o)
	}
	known := d.topicSerdes(topic)
	ks, err := findSerde[K](d, topic, serde.Key, o.KeySerde, o.KeyType, known.Key)
	if err != nil {
		d.tb.Fatalf("streamstest: topic %s: key: %v", topic, err)
	}
	vs, err := findSerde[V](d, topic, serde.Value, o.ValueSerde, o.ValueType, known.Value)
	if err != nil {
		d.tb.Fatalf("streamstest: topic %s: value: %v", topic, err)
	}
	return ks, vs
}

// findSerde takes, in this order, what was given, what the topology uses for
// the topic, and what is registered or built in.
func findSerde[T any](d *Driver, topic string, role serde.Role, given any, givenType string, known any) (serde.Serde[T], error) {
	s, ok := given.(serde.Serde[T])
	if given != nil && !ok {
		return nil, fmt.Errorf("the serde given is of %s and not of %s", givenType, graph.TypeName[T]())
	}
	if !ok {
		s, ok = known.(serde.Serde[T])
	}
	if !ok {
		found, err := d.graph.Find(reflect.TypeFor[T]())
		if err != nil {
			return nil, err
		}
		if s, ok = found.(serde.Serde[T]); !ok {
			return nil, fmt.Errorf("%T is no serde of %s", found, graph.TypeName[T]())
		}
	}
	return graph.OfTopic(s, topic, role)
}

// topicSerdes are those that the topology uses for a topic.
func (d *Driver) topicSerdes(topic string) graph.TopicSerdes {
	switch t := d.topics[topic]; {
	case t != nil && t.reader != nil:
		return t.reader.Source.Serdes
	case t != nil && t.global != nil:
		return t.global.Source.Serdes
	}
	var chosen graph.TopicSerdes
	for _, n := range d.graph.Nodes {
		switch {
		case n.Sink == nil:
		case n.Sink.Chosen:
			chosen = n.Sink.Serdes
		case n.Sink.TopicName(d.cfg.AppID) == topic:
			return n.Sink.Serdes
		}
	}
	for name, s := range d.graph.Stores {
		if d.ChangelogTopic(name) == topic {
			return s.Serdes
		}
	}
	return chosen
}

// readNames and writtenNames are the topics that the topology reads and
// writes, for errors.
func (d *Driver) readNames() string {
	names := map[string]bool{}
	for name, t := range d.topics {
		if t.reader != nil || t.global != nil {
			names[name] = true
		}
	}
	return list(names)
}

func (d *Driver) writtenNames() string {
	names := map[string]bool{}
	for _, n := range d.graph.Nodes {
		if n.Sink != nil && !n.Sink.Chosen {
			names[n.Sink.TopicName(d.cfg.AppID)] = true
		}
	}
	return list(names)
}

func list(names map[string]bool) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}
