package random

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// build makes the calls that a plan stands for.
func (p *plan) build() *topology.Builder {
	b := topology.New()
	made := make([]any, len(p.steps))
	for i := range p.steps {
		s := &p.steps[i]
		c := call{step: s, b: b, plan: p}
		key, value := s.key, s.value
		for _, in := range s.in {
			from := made[in]
			if j, ok := from.(withLate); ok {
				from, c.late = j.results, j.late
			}
			c.in = append(c.in, from)
			key, value = p.steps[s.in[0]].key, p.steps[s.in[0]].value
		}
		made[i] = typesOf(key, value).call(c)
	}
	return b
}

// call is one call of an operator: in are the handles that it is called on.
type call struct {
	*step
	b    *topology.Builder
	plan *plan
	in   []any
	late [2]func() any // what comes late on the sides of what it is called on
}

// options are those that more than one operator takes.
func (c *call) options() (opts []topology.Option) {
	if c.partitions > 0 && c.op != "table" {
		opts = append(opts, topology.Partitions(c.partitions))
	}
	if c.ttl > 0 {
		opts = append(opts, topology.TTL(time.Duration(c.ttl)*time.Millisecond))
	}
	if c.history > 0 {
		opts = append(opts, topology.Versioned(time.Duration(c.history)*time.Millisecond))
	}
	switch {
	case c.stored:
		opts = append(opts, topology.Stored(c.name))
	case (c.shape == groupedStream || c.shape == groupedTable) && c.name != "":
		opts = append(opts, topology.Name(c.name))
	}
	return opts
}

// caller makes calls of operators on records of two types.
type caller interface {
	call(c call) any
	read(d *streamstest.Driver, topic string) []record
	store(d *streamstest.Driver, name string) (rows, logged []string)
}

func typesOf(key, value kind) caller {
	switch {
	case key == text && value == text:
		return on[string, string]{}
	case key == text:
		return on[string, int64]{}
	case value == text:
		return on[int64, string]{}
	}
	return on[int64, int64]{}
}

// on calls operators on records of K and V.
type on[K, V thing] struct{}

func (o on[K, V]) call(c call) any {
	switch c.op {
	case "stream":
		return topology.Stream[K, V](c.b, c.name, marked[K, V](c)...)
	case "table":
		return topology.Table[K, V](c.b, c.name, c.store(), append(c.options(), marked[K, V](c)...)...)
	case "count", "reduce", "aggregate":
		return o.fold(c, c.in[0].(topology.Grouped[K, V]))
	case "cogroup":
		return o.cogroup(c)
	case "global":
		return topology.GlobalTable[K, V](c.b, c.name, c.name+"-rows")
	case "late left", "late right":
		return c.late[c.side()]()
	case "rank-by":
		return c.in[0] // the call that ranks says it all
	case "top":
		return topOf[V](c)
	}
	if c.joins() != noJoin {
		with := c.plan.steps[c.step.in[1]]
		return joinsOf[K, V](with.key, with.value).call(c)
	}
	switch in := c.in[0].(type) {
	case topology.KStream[K, V]:
		return o.onStream(c, in)
	case topology.Splitter[K, V]:
		if c.op == "default" {
			return in.Default(c.name)
		}
		return in.Branch(c.name, holds[K, V](c.fn))
	case topology.KTable[K, V]:
		return o.onTable(c, in)
	case topology.KTable[state.Windowed[string], V]:
		return onWindows(c, in)
	}
	panic(fmt.Sprintf("%s on %T", c.op, c.in[0]))
}

// store is the name of the store of a step that has one.
func (s *step) store() string {
	switch {
	case s.op == "table":
		return s.name + "-rows"
	case s.shape == table && (s.stored || !s.derived()):
		return s.name
	}
	return ""
}

// derived says that a step makes a table of other ones.
func (s *step) derived() bool {
	switch s.op {
	case "table-filter", "table-filter-not", "map-table", "transform-table":
		return true
	}
	return s.joins() == tablesJoin
}

// onStream calls what leaves the types as they are.
func (o on[K, V]) onStream(c call, in topology.KStream[K, V]) any {
	switch c.op {
	case "deduplicate":
		return deduplicate(c, any(in).(topology.KStream[string, V]))
	case "peek":
		return in.Peek(func(K, V) {})
	case "filter":
		return in.Filter(holds[K, V](c.fn))
	case "filter-not":
		return in.FilterNot(holds[K, V](c.fn))
	case "split":
		return in.Split()
	case "merge":
		return in.Merge(c.in[1].(topology.KStream[K, V]))
	case "repartition":
		return topology.Repartition(in, c.name, append(c.options(), marked[K, V](c)...)...)
	case "to-table":
		return topology.ToTable(in, c.name, c.options()...)
	case "group-by-key":
		return topology.GroupByKey(in, append(c.options(), marked[K, V](c)...)...)
	case "to":
		topology.To(in, c.name)
		return nil
	case "to-chosen":
		topology.ToChosen(in, func(k K, v V) string { return c.chosen(k, v) })
		return nil
	case "process-values":
		return changesOf(c, in)
	}
	return retypes[K, V](c.key, c.value).onStream(c, in)
}

func (o on[K, V]) onTable(c call, in topology.KTable[K, V]) any {
	switch c.op {
	case "suppress":
		return windowing.Suppress(any(in).(topology.KTable[string, V]), c.name, c.until())
	case "to-stream":
		return in.ToStream()
	case "table-filter":
		return in.Filter(holds[K, V](c.fn), c.options()...)
	case "table-filter-not":
		return in.FilterNot(holds[K, V](c.fn), c.options()...)
	}
	return retypes[K, V](c.key, c.value).onTable(c, in)
}

func holds[K, V thing](f fn) func(K, V) bool {
	return func(k K, v V) bool { return f.holds(k, v) }
}

// chosen is the topic that to-chosen writes a record to.
func (s *step) chosen(key, value any) string {
	if n := s.fn.rest(key, value); n < 2 {
		return fmt.Sprintf("%s-%d", s.name, n)
	}
	return ""
}
