package random

import (
	"fmt"
	"slices"
	"strings"
)

// shape is what a step makes.
type shape uint8

const (
	nothing shape = iota // sinks
	stream
	table
	groupedStream
	groupedTable
	windowed // a table whose keys are spans
	splitter
	globalTable
)

// step is one call of an operator.
type step struct {
	op         string
	in         []int // steps that it is called on
	shape      shape
	key, value kind   // of what it makes
	name       string // of its topic or store
	fn, fn2    fn
	reduction  reduction
	agg        aggregation
	stored     bool
	partitions int      // option Partitions; 0 is not given
	ttl        int64    // milliseconds; 0 is none
	history    int64    // of a versioned table, in milliseconds; 0 is none
	window     *window  // of a join of streams
	windows    *windows // of an aggregation
	emits      emission // of its rows
	hold       *hold    // what is held back
	into       kind     // of the groups of rows that are ranked
	firsts     int      // how many of each group
	needs      []bool   // which parts of a join of many tables are required
	grace      int64    // that the records of a stream wait for rows, in milliseconds
	mark       *mark    // of its topic; nil is none
	idle       int64    // option CloseIdle, in milliseconds; 0 is none
	// holds: a record may change both tables of a join, which has one change for
	// that when the record has been through all operators.
	holds bool
}

// plan is a topology as data.
type plan struct {
	eager bool // each input record is done before the next one comes
	calm  bool // no time is absurd
	// forgets: a store has a time to live. Its task's stream time must be that
	// of one topic then, so nothing is merged.
	forgets bool
	marked  bool // topics may have watermarks
	steps   []step
	flows   []flow // of what each step makes

	// The edges as the engine draws them, repartition topics between operators
	// included: what each step hands its records to, and each topic.
	behind       [][]edge
	behindTopic  map[string][]edge
	partitionsOf map[string]int // of internal topics
	topicOf      map[int]string // repartition topic of a named group
	behindLate   map[lateSide][]edge

	topicFlow map[string]flow  // of what each topic brings
	marks     map[string]*mark // of topics that have one
	clock     []*clock         // of each step, nil if nothing but records moves it
}

// edge leads to a step, or into a repartition topic, which takes null keys if
// nulls says so.
type edge struct {
	to, port int
	topic    string
	nulls    bool
}

// lateSide is what comes late on a side of a join.
type lateSide struct{ join, side int }

func newPlan(eager bool) *plan {
	return &plan{
		eager: eager, behindTopic: map[string][]edge{}, partitionsOf: map[string]int{}, topicOf: map[int]string{}, behindLate: map[lateSide][]edge{},
		topicFlow: map[string]flow{}, marks: map[string]*mark{},
	}
}

// find lists the steps of a shape for which ok returns true.
func (p *plan) find(of shape, ok func(i int) bool) (list []int) {
	for i, s := range p.steps {
		if s.shape == of && (ok == nil || ok(i)) {
			list = append(list, i)
		}
	}
	return list
}

// used says that a step is the input of another one.
func (p *plan) used(i int) bool {
	return slices.ContainsFunc(p.steps, func(s step) bool { return slices.Contains(s.in, i) })
}

// sources are the steps that read topics.
func (p *plan) sources() (list []int) {
	for i, s := range p.steps {
		if s.op == "stream" || s.op == "table" || s.op == "global" {
			list = append(list, i)
		}
	}
	return list
}

// past is how far back the rows of a table can be looked up, 0 if only as they
// are.
func (p *plan) past(i int) int64 {
	s := &p.steps[i]
	if s.derived() && !s.stored && s.joins() == noJoin {
		return p.past(s.in[0])
	}
	return s.history
}

// String is the topology, a line per step.
func (p *plan) String() string {
	var b strings.Builder
	for i, s := range p.steps {
		fmt.Fprintf(&b, "  %2d %-20s", i, s.op)
		for _, in := range s.in {
			fmt.Fprintf(&b, " <-%d", in)
		}
		if s.name != "" {
			fmt.Fprintf(&b, " %q", s.name)
		}
		if s.fn.of != "" {
			fmt.Fprintf(&b, " %v", s.fn)
		}
		if s.fn2.of != "" {
			fmt.Fprintf(&b, ", %v", s.fn2)
		}
		if s.windows != nil {
			fmt.Fprintf(&b, " %v %s", s.windows, s.emits)
		}
		if s.window != nil {
			fmt.Fprintf(&b, " %v", s.window)
		}
		b.WriteString(" " + string(s.reduction) + string(s.agg))
		if s.hold != nil {
			fmt.Fprintf(&b, " %+v", *s.hold)
		}
		if s.firsts > 0 {
			fmt.Fprintf(&b, " first %d", s.firsts)
		}
		if s.stored {
			b.WriteString(" stored")
		}
		if s.partitions > 0 {
			fmt.Fprintf(&b, " partitions=%d", s.partitions)
		}
		if s.ttl > 0 {
			fmt.Fprintf(&b, " ttl=%d", s.ttl)
		}
		if s.history > 0 {
			fmt.Fprintf(&b, " versioned=%d", s.history)
		}
		if s.needs != nil {
			fmt.Fprintf(&b, " needs=%v", s.needs)
		}
		if s.grace > 0 {
			fmt.Fprintf(&b, " grace=%d", s.grace)
		}
		if s.mark != nil {
			fmt.Fprintf(&b, " watermark %v", s.mark)
		}
		if s.idle > 0 {
			fmt.Fprintf(&b, " idle=%d", s.idle)
		}
		if s.shape != nothing {
			fmt.Fprintf(&b, " -> %v, %v; %v", s.key, s.value, p.flows[i])
		}
		b.WriteByte('\n')
	}
	return b.String()
}
