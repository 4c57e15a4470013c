package random

import "fmt"

// add puts a step behind those that it is called on, and finds its flow.
func (p *plan) add(s step) int {
	i := len(p.steps)
	p.steps = append(p.steps, s)
	p.behind = append(p.behind, nil)
	p.flows = append(p.flows, flow{})
	p.flows[i] = p.connect(i, &p.steps[i])
	if s.ttl > 0 {
		p.flows[i] = p.clocked(i, &s, p.flows[i])
	}
	if s.ttl > 0 || s.history > 0 {
		p.flows[i] = p.flows[i].timed()
	}
	return i
}

func (p *plan) connect(i int, s *step) flow {
	if len(s.in) == 0 {
		return p.reads(s.name, s, flow{order: total, partitions: s.partitions, keyed: true, lanes: map[int]string{i: ""}})
	}
	f := p.flows[s.in[0]]
	switch s.joins() {
	case streamsJoin:
		return p.meeting(i, s)
	case manyStreams:
		return p.meetingMany(i, s)
	case tableLookup:
		return p.lookup(i, s)
	case enrichment:
		return p.enrich(i, s)
	case tablesJoin:
		return p.tables(i, s)
	case foreignJoin:
		return p.foreign(i, s)
	case foreignList:
		f := p.foreign(i, s)
		f.rekeyed = true // and yet all of a pair is where its left row is
		return f
	}
	switch s.op {
	case "late left", "late right":
		at := lateSide{s.in[0], s.side()}
		p.behindLate[at] = append(p.behindLate[at], edge{to: i})
		return f.sparse()
	case "count", "reduce", "aggregate":
		f = p.group(s.in[0], s.name, edge{to: i})
		if s.windows != nil {
			return p.inWindows(i, s, f)
		}
		return f.folded(s.commutes())
	case "cogroup":
		return p.cogroup(i, s)
	case "group-by-key":
		return f // no node of its own
	case "branch", "default":
		return f.sparse()
	case "repartition":
		return p.reads(s.name, s, p.through(s.in[0], f, s.name, s.partitions, edge{to: i}))
	case "deduplicate":
		f = p.clocked(i, s, p.together(s.in[0], s.name, false, edge{to: i})).timed()
		f.several = f.several || s.hold.last
		return f.sparse()
	case "top":
		f = p.through(s.in[0], f, s.name, 0, edge{to: i}).stateful()
		f.phantom = false
		return f.sparse()
	case "to-table":
		if f.rekeyed {
			f = p.through(s.in[0], f, s.name, s.partitions, edge{to: i})
			return f.rows()
		}
	}
	p.behind[s.in[0]] = append(p.behind[s.in[0]], edge{to: i})
	switch s.op {
	case "merge":
		f = f.merge(p.eager, p.flows[s.in[1]])
		p.behind[s.in[1]] = append(p.behind[s.in[1]], edge{to: i})
	case "to-table":
		f = f.rows()
	case "map":
		f = f.sparse().rekey()
	case "flat-map":
		f = f.flat().rekey()
	case "select-key", "group-by":
		f = f.rekey()
	case "process":
		f = f.stateful().rekey()
	case "process-values":
		f = f.stateful()
	case "suppress":
		f = p.clocked(i, s, f).timed()
		f.several = true
	case "rank-by":
		f = f.sparse().rekey()
	case "row texts":
		f.rekeyed = true // and yet all rows of a key are where that is
	case "group-table":
		if f.order == last {
			f.order = unknown
		}
		f = f.flat().rekey()
	case "table-filter", "table-filter-not", "map-table":
		f.phantom = f.phantom && !s.stored
	case "transform-table":
		if f.phantom = !s.stored; f.order == last {
			f.order = unknown // it may hear of a row that never was, or not, and makes one
		}
	case "filter", "filter-not", "global lookup":
		f = f.sparse()
	case "flat-map-values":
		f = f.flat()
	case "map-values-err":
		// A failure takes the whole record back: that needs to be the same in
		// each run.
		if f.order < bag || f.fragile {
			s.fn2.mod = nullsOnly
		}
		f = f.sparse()
	}
	if s.joins() == globalLookup && !p.eager {
		f.order = unknown // nothing says which row it sees
	}
	return f
}

// through draws the edges by which records go through a repartition topic.
func (p *plan) through(from int, f flow, topic string, partitions int, to edge) flow {
	n := partitions
	if n == 0 {
		n = f.partitions
	}
	if p.behindTopic[topic] == nil {
		p.behind[from] = append(p.behind[from], edge{topic: topic})
		p.partitionsOf[topic] = n
	}
	p.behindTopic[topic] = append(p.behindTopic[topic], to)
	return f.through(p.eager, topic, n)
}

// reads notes the watermark that a step gives a topic, and the topic's flow.
func (p *plan) reads(topic string, s *step, f flow) flow {
	p.topicFlow[topic] = f
	if s.mark != nil && s.mark.by != "" {
		p.marks[topic] = s.mark
	}
	return f
}

// group draws the edges from a group to an aggregation: through a repartition
// topic where keys may have changed, which is named after the aggregation or,
// for all of its aggregations, after the group.
func (p *plan) group(g int, name string, to edge) flow {
	s := &p.steps[g]
	from := g
	if s.op == "group-by-key" {
		from = s.in[0]
	}
	f := p.flows[from]
	if f.rekeyed {
		if s.name != "" {
			name = s.name
		}
		return p.reads(name, s, p.through(from, f, name, s.partitions, to))
	}
	p.behind[from] = append(p.behind[from], to)
	return f
}

func (p *plan) cogroup(i int, s *step) (all flow) {
	topics := 0
	for port, g := range s.in {
		name := s.name
		if group := &p.steps[g]; group.name == "" && p.flows[g].rekeyed {
			if topics++; topics > 1 {
				name = fmt.Sprintf("%s-%d", s.name, topics)
			}
		}
		f := p.group(g, name, edge{to: i, port: port})
		if port == 0 {
			all = f
		} else {
			all = all.merge(p.eager, f)
		}
	}
	return all.folded(s.reduction.commutes())
}
