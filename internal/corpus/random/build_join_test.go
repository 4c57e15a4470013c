package random

import (
	"time"

	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// joinsOf joins records of K and L with those of other types.
func joinsOf[K, L thing](key, value kind) interface{ call(c call) any } {
	switch {
	case key == text && value == text:
		return join[K, L, string, string]{}
	case key == text:
		return join[K, L, string, int64]{}
	case value == text:
		return join[K, L, int64, string]{}
	}
	return join[K, L, int64, int64]{}
}

type join[K, L, KR, R thing] struct{}

func (j join[K, L, KR, R]) call(c call) any {
	switch c.joins() {
	case manyStreams:
		return streamsOf[K](c)
	case foreignList:
		return j.foreignList(c, c.in[0].(topology.KTable[K, L]), c.in[1].(topology.KTable[KR, R]))
	case enrichment:
		return enriched(c, c.in[0].(topology.KStream[K, L]))
	case streamsJoin:
		return j.streams(c, c.in[0].(topology.KStream[K, L]), c.in[1].(topology.KStream[K, R]))
	case tablesJoin:
		if c.needs != nil {
			return tablesOf[K](c)
		}
		return j.tables(c, c.in[0].(topology.KTable[K, L]), c.in[1].(topology.KTable[K, R]))
	}
	switch name := topology.Name(c.name); c.op {
	case "table lookup":
		return joins.InnerTable(c.in[0].(topology.KStream[K, L]), c.in[1].(topology.KTable[K, R]), both[K, L, R], c.lookup()...)
	case "left table lookup":
		return joins.LeftTable(c.in[0].(topology.KStream[K, L]), c.in[1].(topology.KTable[K, R]), maybeRight[K, L, R], c.lookup()...)
	case "global lookup":
		return joins.InnerGlobal(c.in[0].(topology.KStream[K, L]), c.in[1].(topology.GlobalKTable[KR, R]), j.foreign(c), both[K, L, R], name)
	case "left global lookup":
		return joins.LeftGlobal(c.in[0].(topology.KStream[K, L]), c.in[1].(topology.GlobalKTable[KR, R]), j.foreign(c), maybeRight[K, L, R], name)
	case "foreign key":
		return joins.ForeignKey(c.in[0].(topology.KTable[K, L]), c.in[1].(topology.KTable[KR, R]), c.name, j.foreign(c), both[K, L, R])
	}
	return joins.LeftForeignKey(c.in[0].(topology.KTable[K, L]), c.in[1].(topology.KTable[KR, R]), c.name, j.foreign(c), maybeRight[K, L, R])
}

// lookup are the options of a join of a stream with a table.
func (c *call) lookup() []topology.Option {
	opts := append(c.closing(), topology.Name(c.name))
	if c.grace > 0 {
		opts = append(opts, joins.Grace(time.Duration(c.grace)*time.Millisecond))
	}
	return opts
}

// closing has what waits see the wall clock.
func (c *call) closing() (opts []topology.Option) {
	if c.idle > 0 {
		opts = append(opts, windowing.CloseIdle(time.Duration(c.idle)*time.Millisecond))
	}
	return opts
}

func (join[K, L, KR, R]) foreign(c call) func(K, L) (KR, bool) {
	key := result[K, L, KR](c.fn)
	return func(k K, l L) (KR, bool) { return key(k, l), !c.fn2.holds(k, l) }
}

func (j join[K, L, KR, R]) streams(c call, left topology.KStream[K, L], right topology.KStream[K, R]) any {
	switch w := c.window.of(); c.op {
	case "inner join":
		return joinedOf(joins.Inner(left, right, c.name, w, both[K, L, R], c.closing()...))
	case "left join":
		return joinedOf(joins.Left(left, right, c.name, w, maybeRight[K, L, R], c.closing()...))
	case "right join":
		return joinedOf(joins.Right(left, right, c.name, w, maybeLeft[K, L, R], c.closing()...))
	case "outer join":
		return joinedOf(joins.Outer(left, right, c.name, w, maybeBoth[K, L, R], c.closing()...))
	case "nearest join":
		return joinedOf(joins.Nearest(left, right, c.name, w, maybeRight[K, L, R], c.closing()...))
	case "semi join":
		return joinedOf(joins.Semi(left, right, c.name, w, c.closing()...))
	}
	return joinedOf(joins.Anti(left, right, c.name, c.window.of(), c.closing()...))
}

func joinedOf[K, L, R, V thing](s joins.Stream[K, L, R, V]) withLate {
	return withLate{s.KStream, [2]func() any{
		func() any { return topology.MapValues(s.LateLeft(), func(l windowing.Late[L]) L { return l.Value }) },
		func() any { return topology.MapValues(s.LateRight(), func(r windowing.Late[R]) R { return r.Value }) },
	}}
}

func (j join[K, L, KR, R]) tables(c call, left topology.KTable[K, L], right topology.KTable[K, R]) any {
	switch c.op {
	case "inner tables":
		return joins.InnerTables(left, right, both[K, L, R], c.options()...)
	case "left tables":
		return joins.LeftTables(left, right, maybeRight[K, L, R], c.options()...)
	case "right tables":
		return joins.RightTables(left, right, maybeLeft[K, L, R], c.options()...)
	}
	return joins.OuterTables(left, right, maybeBoth[K, L, R], c.options()...)
}

func both[K, L, R thing](_ K, l L, r R) string                        { return paired(l, r) }
func maybeRight[K, L, R thing](_ K, l L, r processor.Maybe[R]) string { return paired(l, orNil(r)) }
func maybeLeft[K, L, R thing](_ K, l processor.Maybe[L], r R) string  { return paired(orNil(l), r) }
func maybeBoth[K, L, R thing](_ K, l processor.Maybe[L], r processor.Maybe[R]) string {
	return paired(orNil(l), orNil(r))
}

func orNil[V any](v processor.Maybe[V]) any {
	if !v.OK {
		return nil
	}
	return v.Value
}
