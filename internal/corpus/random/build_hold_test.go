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

func (o on[K, V]) deduplicate(c call, in topology.KStream[K, V]) any {
	if c.hold.id == text {
		return deduplicated[K, V, string](c, in)
	}
	return deduplicated[K, V, int64](c, in)
}

func deduplicated[K, V, I thing](c call, in topology.KStream[K, V]) any {
	var opts []topology.Option
	if c.hold.last {
		opts = append(opts, windowing.KeepLast())
	}
	s := windowing.Deduplicate(in, c.name, time.Duration(c.hold.wait)*time.Millisecond, result[K, V, I](c.fn), opts...)
	return withLate{s.KStream, [2]func() any{func() any { return lateTexts(s.Late()) }}}
}

// top ranks rows, by the function of the step that says their groups.
func (o on[K, V]) top(c call) any {
	by := &c.plan.steps[c.step.in[0]]
	if by.into == text {
		return topOf[K, V, string](c, by)
	}
	return topOf[K, V, int64](c, by)
}

func topOf[K, V, G thing](c call, by *step) any {
	switch in := c.in[0].(type) {
	case topology.KTable[state.Windowed[K], V]:
		return firstsOf(c, in, func(w state.Windowed[K]) G { return by.fn.to(by.into, w.Key, w.Start).(G) },
			func(w state.Windowed[K]) any { return span{w.Key, w.Start, w.End} })
	default:
		return firstsOf(c, in.(topology.KTable[K, V]), func(k K) G { return by.fn.to(by.into, k, k).(G) }, func(k K) any { return k })
	}
}

func firstsOf[X any, V, G thing](c call, in topology.KTable[X, V], group func(X) G, key func(X) any) topology.KStream[G, string] {
	top := windowing.Top(in, c.name, c.firsts, group, func(row V) float64 { return score(row) })
	return topology.MapValues(top.ToStream(), func(list []windowing.Ranked[X, V]) (all string) {
		for _, r := range list {
			all += rankText(r.Rank, key(r.Key), r.Row)
		}
		return all
	})
}
