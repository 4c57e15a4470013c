package random

import (
	"slices"
)

// subtopology is what the engine makes tasks of: steps that are connected by
// edges.
type subtopology struct {
	id      int      // one of its steps
	topics  []string // that it reads, those with a watermark
	ticking bool     // one of these may be idle
	waiting []int    // steps that have something wait for stream time
}

// subtopologies finds that of each step and each topic.
func (p *plan) subtopologies() (ofStep []*subtopology, ofTopic map[string]*subtopology) {
	root := make([]int, len(p.steps))
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			i = root[i]
		}
		return i
	}
	connect := func(from int, edges []edge) {
		for _, e := range edges {
			if e.topic == "" && !(p.steps[e.to].asks() && e.port == rightSide) && p.steps[from].op != "global" {
				root[find(e.to)] = find(from)
			}
		}
	}
	for from, edges := range p.behind {
		connect(from, edges)
		if op := p.steps[from].op; op == "branch" || op == "default" {
			connect(p.steps[from].in[0], []edge{{to: from}})
		}
	}
	for at, edges := range p.behindLate {
		connect(at.join, edges)
	}
	for _, edges := range p.behindTopic {
		connect(edges[0].to, edges)
	}
	all := map[int]*subtopology{}
	for i := range p.steps {
		r := find(i)
		if all[r] == nil {
			all[r] = &subtopology{id: r}
		}
		ofStep = append(ofStep, all[r])
		if p.steps[i].waits() {
			all[r].waiting = append(all[r].waiting, i)
		}
	}
	ofTopic = map[string]*subtopology{}
	for _, i := range p.sources() {
		ofTopic[p.steps[i].name] = ofStep[i]
	}
	for topic, edges := range p.behindTopic {
		ofTopic[topic] = ofStep[edges[0].to]
	}
	for topic, sub := range ofTopic {
		if w := p.marks[topic]; w != nil {
			sub.topics = append(sub.topics, topic)
			sub.ticking = sub.ticking || w.idle > 0
		}
	}
	for _, sub := range all {
		slices.Sort(sub.topics)
	}
	return ofStep, ofTopic
}

// waits says that a step has records that wait for stream time.
func (s *step) waits() bool {
	return s.joins() == streamsJoin && (s.keeps(leftSide) || s.keeps(rightSide)) || s.grace > 0 || s.emits != everyUpdate ||
		s.op == "suppress" || s.op == "deduplicate" && s.hold.last
}

// hasClock says that a step has a stream time of its own.
func (s *step) hasClock() bool {
	return s.window != nil || s.grace > 0 || s.windows != nil || s.hold != nil
}

// ticks is the lane of what the wall clock brings.
const ticks = -1

// clock is what moves the stream time of a step's task, if it has watermarks.
type clock struct {
	flow
	ticking bool
}

// clocks finds the clock of each step.
func (p *plan) clocks() (list []*clock) {
	ofStep, _ := p.subtopologies()
	for i := range p.steps {
		var c *clock
		for _, topic := range ofStep[i].topics {
			f := p.topicFlow[topic]
			if c == nil {
				c = &clock{flow: f, ticking: ofStep[i].ticking}
			} else {
				c.flow = c.merge(p.eager, f)
			}
		}
		list = append(list, c)
	}
	return list
}

// clocked is the flow of records that a step sees, and of what else moves its
// stream time: watermarks, and the wall clock.
func (p *plan) clocked(i int, s *step, f flow) flow {
	idle := s.idle > 0
	if i < len(p.clock) && p.clock[i] != nil {
		c := p.clock[i]
		g := f.merge(p.eager, c.flow)
		f.order, f.lanes, f.several, f.spread, f.fragile = g.order, g.lanes, true, g.spread, true
		idle = idle || c.ticking
	}
	if !idle {
		return f
	}
	// What the clock brings to another step comes first, or not.
	if _, other := f.lanes[ticks]; other || !p.eager {
		f.order = unknown
	}
	f.lanes = withLane(f.lanes, ticks, s.name)
	f.several, f.spread, f.fragile = true, f.partitions > 1, true
	return f
}

// settle is the plan with the flows that its watermarks leave, which depend on
// steps that come later.
func (p *plan) settle() *plan {
	p.endMarks()
	for {
		q := newPlan(p.eager)
		q.calm, q.forgets, q.marked, q.clock = p.calm, p.forgets, p.marked, p.clocks()
		for _, s := range p.steps {
			q.add(s)
		}
		if slices.EqualFunc(p.flows, q.flows, func(f, g flow) bool { return f.order == g.order && f.fragile == g.fragile && f.spread == g.spread }) {
			return q
		}
		p = q
	}
}

// endMarks takes away watermarks that do not reach a step behind a repartition
// topic, where they are refused.
func (p *plan) endMarks() {
	for before := -1; before != len(p.marks); {
		before = len(p.marks)
		ofStep, _ := p.subtopologies()
		for i := range p.steps {
			if !p.steps[i].hasClock() || len(ofStep[i].topics) > 0 {
				continue
			}
			for at := range p.origins(i, map[any]bool{}) {
				if topic, ok := at.(string); ok {
					p.endMarksBefore(topic)
				}
			}
		}
	}
}

func (p *plan) endMarksBefore(topic string) {
	writers := []int{}
	for from, edges := range p.behind {
		if slices.ContainsFunc(edges, func(e edge) bool { return e.topic == topic }) {
			writers = append(writers, from)
		}
	}
	if e := p.behindTopic[topic][0]; p.steps[e.to].asks() {
		writers = append(writers, p.steps[e.to].in[rightSide])
	}
	for _, w := range writers {
		for at := range p.origins(w, map[any]bool{}) {
			name, ok := at.(string)
			if i, isStep := at.(int); isStep && len(p.steps[i].in) == 0 {
				name, ok = p.steps[i].name, true
			}
			if ok && p.marks[name] != nil {
				*p.marks[name] = mark{}
				delete(p.marks, name)
			}
		}
	}
}

// ticking says that a topic may be idle.
func (p *plan) ticking() bool {
	for _, w := range p.marks {
		if w.idle > 0 {
			return true
		}
	}
	return false
}
