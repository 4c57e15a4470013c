package random

import "fmt"

// together draws the edges from a stream to what needs equal keys in equal
// partitions: through a repartition topic where keys may have changed.
func (p *plan) together(from int, topic string, nulls bool, to ...edge) flow {
	f := p.flows[from]
	if !f.rekeyed {
		p.behind[from] = append(p.behind[from], to...)
		return f
	}
	p.behind[from] = append(p.behind[from], edge{topic: topic, nulls: nulls})
	p.behindTopic[topic], p.partitionsOf[topic] = to, f.partitions
	f = f.through(p.eager, topic, f.partitions)
	f.astray = nulls && f.partitions > 1
	return f
}

// meeting draws the edges to a join of two streams.
func (p *plan) meeting(i int, s *step) flow {
	left, right := edge{to: i}, edge{to: i, port: rightSide}
	var f flow
	if s.in[0] == s.in[1] {
		f = p.together(s.in[0], s.name+"-left", s.keeps(leftSide) || s.keeps(rightSide), left, right)
		f = f.merge(p.eager, f)
	} else {
		f = p.together(s.in[0], s.name+"-left", s.keeps(leftSide), left)
		f = f.merge(p.eager, p.together(s.in[1], s.name+"-right", s.keeps(rightSide), right))
	}
	return p.meets(i, s, f)
}

// meetingMany draws the edges to a join of many streams.
func (p *plan) meetingMany(i int, s *step) (f flow) {
	for port, in := range s.in {
		part := p.together(in, fmt.Sprintf("%s-%d", s.name, port+1), false, edge{to: i, port: port})
		if port == 0 {
			f = part
		} else {
			f = f.merge(p.eager, part)
		}
	}
	return p.meets(i, s, f)
}

// meets is the flow behind a join of streams, f being that of all their records.
// What is late depends on the order of all of these, and of what else moves
// stream time; if nothing is, it does not matter.
func (p *plan) meets(i int, s *step, f flow) flow {
	f = p.clocked(i, s, f)
	waits := s.keeps(leftSide) || s.keeps(rightSide)
	switch {
	case f.order == total && !f.astray:
	case f.order < bag || f.order < perKey && s.nearest() || s.window.late != [2]int64{never, never}:
		f.order = unknown
	case waits:
		f.order = bag
	}
	f.fragile = f.fragile || f.order == bag
	f.headless = f.headless || f.order < perKey // a result has those of the left record if that came last
	f.several = true
	return f
}

// lookup draws the edges to a join of a stream with a table.
func (p *plan) lookup(i int, s *step) flow {
	f := p.together(s.in[0], s.name, s.keeps(leftSide), edge{to: i})
	f = f.seeing(p.eager, p.flows[s.in[1]])
	p.behind[s.in[1]] = append(p.behind[s.in[1]], edge{to: i, port: rightSide})
	if s.grace > 0 { // what is released depends on the times of all records
		f = p.clocked(i, s, f).timed()
		f.several = true
	}
	return f.sparse()
}

// enrich draws the edges to a join of a stream with several tables.
func (p *plan) enrich(i int, s *step) flow {
	f := p.together(s.in[0], s.name, false, edge{to: i})
	for port, in := range s.in[1:] {
		f = f.seeing(p.eager, p.flows[in])
		p.behind[in] = append(p.behind[in], edge{to: i, port: 1 + port})
	}
	return f.sparse()
}

// seeing is the flow behind what sees the rows of a table.
func (f flow) seeing(eager bool, rows flow) flow {
	all := f.merge(eager, rows)
	if f.order = all.order; f.order < perKey {
		f.order = unknown
	}
	f.fragile = all.fragile
	return f
}

// tables draws the edges to a join of tables.
func (p *plan) tables(i int, s *step) flow {
	all, settles, phantom := p.flows[s.in[0]], true, false
	for port, in := range s.in {
		p.behind[in] = append(p.behind[in], edge{to: i, port: port})
		f := p.flows[in]
		settles, phantom = settles && f.settles(), phantom || f.phantom
		if port > 0 {
			all = all.merge(p.eager, f)
		}
		for _, other := range s.in[:port] {
			s.holds = s.holds || p.shareOrigin(other, in)
		}
	}
	if all.order < perKey {
		all = all.settled(settles)
	}
	all.phantom = phantom && !s.stored
	return all
}

// settled is the flow behind a join of tables that change independently: in the
// end each row is that of the last ones, if those are known.
func (f flow) settled(known bool) flow {
	f.order = unknown
	if known {
		f.order, f.timeless = last, true
	}
	return f
}

func (f flow) settles() bool { return f.order >= perKey || f.order == last }

// foreign draws the edges to a foreign-key join, whose sides are apart.
func (p *plan) foreign(i int, s *step) flow {
	f, g := p.flows[s.in[0]], p.flows[s.in[1]]
	for port, in := range s.in {
		p.behind[in] = append(p.behind[in], edge{to: i, port: port})
	}
	topic := s.name + "-answers"
	p.behindTopic[topic], p.partitionsOf[topic] = []edge{{to: i, port: answers}}, f.partitions
	all := f.merge(p.eager, g)
	all.several = true
	apart := true
	for source := range f.lanes {
		_, both := g.lanes[source]
		apart = apart && !both
	}
	if order := min(f.order, g.order); !apart || !p.eager || f.several || order < perKey {
		all = all.settled(f.settles() && g.settles())
	}
	order := all.order
	all.partitions, all.order = f.partitions, bag
	all = all.through(p.eager, topic, f.partitions)
	if all.order = order; order > perKey {
		all.order = perKey
	}
	all.phantom = false
	return all
}

// shareOrigin says whether two steps are made of the same records.
func (p *plan) shareOrigin(a, b int) bool {
	of := p.origins(a, map[any]bool{})
	for x := range p.origins(b, map[any]bool{}) {
		if of[x] {
			return true
		}
	}
	return false
}

// origins are the steps, and the repartition topics, that are before a step
// with no topic in between.
func (p *plan) origins(i int, seen map[any]bool) map[any]bool {
	if seen[i] {
		return seen
	}
	seen[i] = true
	leads := func(edges []edge) bool {
		for _, e := range edges {
			if e.topic == "" && e.to == i && !(p.steps[i].asks() && e.port == rightSide) {
				return true
			}
		}
		return false
	}
	for from, edges := range p.behind {
		if leads(edges) {
			p.origins(from, seen)
		}
	}
	for at, edges := range p.behindLate {
		if leads(edges) {
			p.origins(at.join, seen)
		}
	}
	for topic, edges := range p.behindTopic {
		if leads(edges) {
			seen[topic] = true
		}
	}
	if op := p.steps[i].op; op == "branch" || op == "default" {
		p.origins(p.steps[i].in[0], seen)
	}
	return seen
}
