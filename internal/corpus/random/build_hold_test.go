package random

import (
	"time"

	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// until is for how long a step holds back rows.
func (c *call) until() windowing.Until {
	if c.hold.close {
		return windowing.UntilClose()
	}
	u := windowing.UntilLimit(time.Duration(c.hold.wait) * time.Millisecond)
	if c.hold.most > 0 {
		u = u.MaxRecords(c.hold.most)
	}
	return u
}

// What follows is for keys of one type, and makes texts: each combination of types is
// compiled by itself, and these operators are large.

func deduplicate[V thing](c call, in topology.KStream[string, V]) any {
	var opts []topology.Option
	if c.hold.last {
		opts = append(opts, windowing.KeepLast())
	}
	s := windowing.Deduplicate(in, c.name, time.Duration(c.hold.wait)*time.Millisecond, result[string, V, string](c.fn), opts...)
	return withLate{s.KStream, [2]func() any{func() any { return lateTexts(s.Late()) }}}
}

// topOf ranks rows, by the function of the step that says their groups.
func topOf[V thing](c call) any {
	by := &c.plan.steps[c.step.in[0]]
	switch in := c.in[0].(type) {
	case topology.KTable[state.Windowed[string], V]:
		return firstsOf(c, in, func(w state.Windowed[string]) string { return by.fn.to(text, w.Key, w.Start).(string) },
			func(w state.Windowed[string]) any { return span{w.Key, w.Start, w.End} })
	default:
		return firstsOf(c, in.(topology.KTable[string, V]), func(k string) string { return by.fn.to(text, k, k).(string) }, func(k string) any { return k })
	}
}

func firstsOf[X any, V thing](c call, in topology.KTable[X, V], group func(X) string, key func(X) any) topology.KStream[string, string] {
	top := windowing.Top(in, c.name, c.firsts, group, func(row V) float64 { return score(row) })
	return topology.MapValues(top.ToStream(), func(list []windowing.Ranked[X, V]) (all string) {
		for _, r := range list {
			all += rankText(r.Rank, key(r.Key), r.Row)
		}
		return all
	})
}
