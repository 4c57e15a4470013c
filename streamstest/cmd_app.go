package streamstest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-io/millrace/processor"
)

// app starts the application anew, on empty topics. Topology is a name among
// Script.Topologies, partitions a count for all topics or topic:count,...;
// guarantee is exactly_once or at_least_once; commit=manual leaves commits to
// the command commit. errors=class:action,... sets policies, dead-letters the
// topic for them. matrix is a note for runners, see internal/corpus.
//
//	app topology=word-count partitions=lines:3,totals:2 errors=decode:skip
//	----
func cmdApp(s *Script, c call) error {
	name := c.value("topology")
	make, ok := s.Topologies[name]
	if !ok {
		return fmt.Errorf("there is no topology %q, there are %s", name, strings.Join(slices.Sorted(maps.Keys(s.Topologies)), ", "))
	}
	cfg := Config{Instances: s.Mode.Instances, State: s.Mode.State, ManualCommit: s.Mode.Every > 1 || s.Mode.Every < 0, OnError: s.note}
	b := make()
	g, err := b.Build()
	if err != nil {
		return err
	}
	if err := s.configure(&cfg, c); err != nil {
		return err
	}
	if cfg.Partitions[""] > 0 {
		for _, n := range g.Nodes {
			if n.Source != nil && n.Source.Repartition == nil {
				for _, topic := range n.Source.Topics {
					cfg.Partitions[topic] = cfg.Partitions[""]
				}
			}
		}
		delete(cfg.Partitions, "")
	}
	if s.d != nil {
		s.d.Close()
	}
	s.unread, s.handled, s.piped, s.plan = map[string]int{}, nil, nil, crashPlan{}
	s.d, s.built = New(s.TB, b, cfg), b
	return nil
}

// configure takes over what the arguments say.
func (s *Script) configure(cfg *Config, c call) (err error) {
	cfg.Partitions = map[string]int{}
	for _, a := range c.args {
		switch v := strings.Join(a.Values, ","); a.Name {
		case "partitions":
			err = parsePartitions(cfg.Partitions, v)
		case "instances":
			if cfg.Instances == 0 {
				cfg.Instances, err = strconv.Atoi(v)
			}
		case "guarantee":
			cfg.AtLeastOnce = v == "at_least_once"
			if !cfg.AtLeastOnce && v != "exactly_once" {
				err = fmt.Errorf("guarantee=%s: it is exactly_once or at_least_once", v)
			}
		case "commit":
			if v != "manual" {
				err = fmt.Errorf("commit=%s: it is manual, or left out", v)
			}
			cfg.ManualCommit = true
			s.Mode.Every = 0
		case "dead-letters":
			cfg.Errors.DeadLetterTopic = v
		case "errors":
			err = parsePolicies(&cfg.Errors, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// parsePartitions reads "2" or "orders:3,users:2". A count for all is kept
// under "".
func parsePartitions(into map[string]int, text string) error {
	for part := range strings.SplitSeq(text, ",") {
		topic, count, ok := strings.Cut(part, ":")
		if !ok {
			topic, count = "", part
		}
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 {
			return fmt.Errorf("partitions=%s: it is a number or a list of topic:number", text)
		}
		into[topic] = n
	}
	return nil
}

// parsePolicies reads "decode:skip,process:dead_letter".
func parsePolicies(p *processor.Policies, text string) error {
	for part := range strings.SplitSeq(text, ",") {
		class, action, _ := strings.Cut(part, ":")
		policy, ok := map[string]*processor.Policy{
			"decode": &p.Decode, "process": &p.Process, "punctuate": &p.Punctuate, "produce": &p.Produce,
		}[class]
		if !ok {
			return fmt.Errorf("errors=%s: %q is no class of errors", text, class)
		}
		for _, a := range [...]processor.Action{processor.Fail, processor.Skip, processor.DeadLetter, processor.NullValue} {
			if a.String() == action {
				policy.Then, ok = a, false
			}
		}
		if ok {
			return fmt.Errorf("errors=%s: %q is no action", text, action)
		}
	}
	return nil
}
