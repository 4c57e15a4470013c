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
func (o on[K, V]) onWindows(c call, in topology.KTable[state.Windowed[K], V]) any {
	if c.op == "suppress" {
		return windowing.Suppress(in, c.name, c.until())
	}
	return topology.Process(in.ToStream(), func(processor.Context) rowTexts[K, V] { return rowTexts[K, V]{} })
}

type rowTexts[K, V thing] struct{}

func (rowTexts[K, V]) Process(r processor.Record[state.Windowed[K], V], out processor.Output[string, V]) error {
	return out.Forward(processor.Record[string, V]{
		Key: span{r.Key.Key, r.Key.Start, r.Key.End}.String(), Value: r.Value, Time: r.Time, HasKey: r.HasKey, HasValue: r.HasValue, Headers: r.Headers,
	})
}
