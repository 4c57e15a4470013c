package graph

import (
	"errors"
	"fmt"
	"regexp"
)

// checkTopics refuses what cannot work or is surely a mistake: a topic that is
// read twice, since one partition has one committed offset and belongs to one
// task, and one that is both read and written.
func checkTopics(nodes []*Node) (errs []error) {
	fail := func(n *Node, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %w", n.Line, fmt.Errorf(format, args...)))
	}
	readers := map[string]*Node{}
	type pattern struct {
		*regexp.Regexp
		node *Node
	}
	var patterns []pattern
	for _, n := range nodes {
		if n.Source == nil || n.Source.Repartition != nil {
			continue
		}
		if n.Source.Pattern != "" {
			re, err := regexp.Compile(n.Source.Pattern)
			if err != nil {
				fail(n, "pattern of %s: %w", n.Name, err)
				continue
			}
			patterns = append(patterns, pattern{re, n})
			continue
		}
		if len(n.Source.Topics) == 0 {
			fail(n, "%s reads no topic", n.Name)
		}
		for _, topic := range n.Source.Topics {
			if err := checkTopic(topic); err != nil {
				fail(n, "%w", err)
			}
			if other := readers[topic]; other != nil {
				fail(n, "topic %s is also read at %s: make one stream of it and use that twice", topic, other.Line)
				continue
			}
			readers[topic] = n
		}
	}
	for _, p := range patterns {
		for _, topic := range sortedKeys(readers) {
			if p.MatchString(topic) {
				fail(p.node, "the pattern matches topic %s, which is also read at %s: make it more exact", topic, readers[topic].Line)
			}
		}
	}
	for _, n := range nodes {
		if n.Sink == nil || n.Sink.Repartition != nil || n.Sink.Chosen {
			continue
		}
		if err := checkTopic(n.Sink.Topic); err != nil {
			fail(n, "%w", err)
		}
		reader := readers[n.Sink.Topic]
		for _, p := range patterns {
			if p.MatchString(n.Sink.Topic) {
				reader = p.node
			}
		}
		if reader != nil && !n.Sink.Loop {
			fail(n, "topic %s is read at %s: a topology that feeds itself needs the option AllowLoop", n.Sink.Topic, reader.Line)
		}
	}
	if len(nodes) == 0 {
		errs = append(errs, errors.New("the topology is empty"))
	}
	return errs
}

// checkStores refuses stores that are used and not made, or made and not used.
func checkStores(nodes []*Node, stores map[string]*StoreSpec) (errs []error) {
	used := map[string]bool{}
	for _, n := range nodes {
		for _, name := range n.Stores {
			used[name] = true
			if stores[name] == nil {
				errs = append(errs, fmt.Errorf("%s: %s uses store %q, which this topology does not have", n.Line, n.Name, name))
			}
		}
	}
	for _, name := range sortedKeys(stores) {
		if !used[name] {
			errs = append(errs, fmt.Errorf("%s: no operator uses store %q: attach it with the option With", stores[name].Line, name))
		}
	}
	return errs
}
