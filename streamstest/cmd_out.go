package streamstest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/millrace-io/millrace/internal/graph"
)

// out shows a topic from its beginning: all that is committed, with headers.
//
//	out totals
//	----
//	out totals  alice  3  @0:05  h:trace=7
func cmdOut(s *Script, c call) error {
	name, err := c.word("topic")
	if err != nil {
		return err
	}
	if !s.d.mayExist(name) {
		return fmt.Errorf("nothing writes the topic %s, the topology writes %s", name, s.d.writtenNames())
	}
	if t := s.d.topics[name]; t != nil {
		s.show(c, t, 0, true)
	}
	return nil
}

// showNew shows what was written to the topics that the topology writes since
// they were last shown, by topic.
func (s *Script) showNew(c call) {
	for _, name := range slices.Sorted(maps.Keys(s.d.topics)) {
		t := s.d.topics[name]
		if !s.shown(name) {
			continue
		}
		s.show(c, t, s.unread[name], false)
		s.unread[name] = len(t.log)
	}
}

// shown says that a topic is one that users of the application read.
func (s *Script) shown(name string) bool {
	return name == s.d.cfg.Errors.DeadLetterTopic || slices.ContainsFunc(s.d.graph.Nodes, func(n *graph.Node) bool {
		return n.Sink != nil && n.Sink.Repartition == nil && (n.Sink.Topic == name || n.Sink.Topic == "")
	}) && s.d.topics[name].reader == nil && !graph.Internal(s.d.cfg.AppID, name)
}

// show prints the records of a topic from a place in its log on, in columns.
func (s *Script) show(c call, t *topic, from int, headers bool) {
	known := s.d.topicSerdes(t.name)
	ks, vs := codecOf(known.Key), codecOf(known.Value)
	rows := make([][]string, 0, len(t.log)-from)
	for i := range t.log[from:] {
		e := &t.log[from+i]
		row := []string{"out " + t.name, ks.show(e.Key), vs.show(e.Value), "@" + clock(e.Time)}
		if len(t.partitions) > 1 {
			row = append(row, fmt.Sprintf("p=%d", e.partition))
		}
		if headers {
			for _, h := range e.Headers {
				row = append(row, fmt.Sprintf("h:%s=%s", h.Key, quote(string(h.Value))))
			}
		}
		rows = append(rows, row)
	}
	c.columns(rows)
}

// columns prints rows whose words stand below each other.
func (c call) columns(rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, word := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len(word))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, word := range row {
			fmt.Fprintf(&b, "%-*s  ", widths[i], word)
		}
		c.printf("%s\n", strings.TrimRight(b.String(), " "))
	}
}
