package random

import (
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// withLate is a handle of what has late records beside it, on each side of a join.
type withLate struct {
	results any
	late    [2]func() any
}

func windowedOf[K, V, R thing](t windowing.Table[K, V, R]) withLate {
	return withLate{t.KTable, [2]func() any{func() any { return lateTexts(t.Late()) }}}
}

func lateTexts[K, V thing](late topology.KStream[K, windowing.Late[V]]) topology.KStream[K, string] {
	return topology.MapValues(late, func(l windowing.Late[V]) string {
		return lateText(l.Value, l.By.Milliseconds(), l.Start, l.End, l.StreamTime)
	})
}

// foldInWindows aggregates a group in windows. That is for keys of one type and for
// few aggregations: each combination is compiled by itself, and these are large.
func foldInWindows[V thing](c call, g topology.KGroupedStream[string, V]) any {
	w, opts := windowsOf[V](c.windows), c.inWindows()
	switch {
	case c.op == "count":
		return windowedOf(windowing.Count(g, c.name, w, opts...))
	case c.op == "reduce":
		return windowedOf(windowing.ReduceErr(g, c.name, w, reducer[V](c.reduction), opts...))
	case c.agg == stats:
		return windowedOf(windowing.Aggregate(g, c.name, w, statistics[V](), opts...))
	}
	return windowedOf(windowing.Aggregate(g, c.name, w, sumOrNull[V](c.agg), opts...))
}

// inWindows are the options of an aggregation in windows.
func (c *call) inWindows() []topology.Option {
	opts := c.closing()
	switch c.emits {
	case onClose:
		opts = append(opts, windowing.EmitOnClose())
	case thenLate:
		opts = append(opts, windowing.EmitOnCloseThenLate())
	}
	return opts
}

// onWindows calls what is behind an aggregation in windows.
func onWindows[V thing](c call, in topology.KTable[state.Windowed[string], V]) any {
	if c.op == "suppress" {
		return windowing.Suppress(in, c.name, c.until())
	}
	return topology.Process(in.ToStream(), func(processor.Context) rowTexts[V] { return rowTexts[V]{} })
}

type rowTexts[V thing] struct{}

func (rowTexts[V]) Process(r processor.Record[state.Windowed[string], V], out processor.Output[string, V]) error {
	return out.Forward(processor.Record[string, V]{
		Key: span{r.Key.Key, r.Key.Start, r.Key.End}.String(), Value: r.Value, Time: r.Time, HasKey: r.HasKey, HasValue: r.HasValue, Headers: r.Headers,
	})
}
