package streamstest

import (
	"fmt"
	"strings"

	"github.com/millrace-io/millrace/internal/graph"
)

// in writes records to a topic, one after the other, and shows what came of
// them. See line for how records are written.
//
//	in orders
//	alice {"amount": 3} @0:05
//	bob   {"amount": 5} @0:12
//	----
//	out totals  alice  3  @0:05
//	out totals  bob    5  @0:12
func cmdIn(s *Script, c call) error {
	name, err := c.word("topic")
	if err != nil {
		return err
	}
	t := s.d.topics[name]
	if t == nil || t.reader == nil && t.global == nil {
		return fmt.Errorf("the topology does not read the topic %s, it reads %s", name, s.d.readNames())
	}
	return s.act(c, func() {
		for text := range strings.Lines(c.input) {
			s.before()
			if err := s.pipe(t, strings.TrimSpace(text)); err != nil {
				c.printf("error: %v\n", err)
				return
			}
			s.after()
		}
		s.flush()
	})
}

// pipe writes one record and has it processed.
func (s *Script) pipe(t *topic, text string) error {
	l, err := parseLine(text)
	if err != nil {
		return err
	}
	known := s.d.topicSerdes(t.name)
	in := graph.Input{Time: s.d.nowMs, Headers: l.headers}
	if l.timed {
		in.Time = l.timeMs
	}
	if in.Key, err = codecOf(known.Key).encode(l.key); err != nil {
		return err
	}
	if in.Value, err = codecOf(known.Value).encode(l.value); err != nil {
		return err
	}
	if int(l.partition) >= len(t.partitions) {
		return fmt.Errorf("topic %s has no partition %d", t.name, l.partition)
	}
	s.d.append(t, l.partition, in)
	e := t.log[len(t.log)-1]
	s.piped = append(s.piped, Piped{t.name, raw(&e)})
	s.d.settle()
	return nil
}
