package runtime

import (
	"fmt"

	"github.com/millrace-io/millrace/status"
)

// dropped are the records that are no rows, by reason.
func (g *global) dropped() map[string]uint64 {
	return map[string]uint64{
		"null_key": g.rows.NullKey.Load(), "negative_time": g.rows.NegativeTime.Load(), "skipped": g.rows.Skipped.Load(),
	}
}

// count adds what was dropped since the last call to the metrics.
func (g *global) count() {
	m := g.inst.cfg.Recorder.Store(g.spec.Name)
	for reason, n := range g.dropped() {
		m.Dropped(reason).Add(int64(n) - g.told[reason])
		g.told[reason] = int64(n)
	}
}

// percent is how much of the first mark is read, 100 only if it is reached.
func (g *global) percent() int {
	if g.isFilled() {
		return 100
	}
	if !g.begun.Load() {
		return 0
	}
	p := status.Progress{Start: g.from.Load(), Position: g.position.Load(), End: g.end.Load()}
	return min(p.Percent(), 99)
}

func (g *global) check() status.Check {
	c := status.Check{Name: "global " + g.spec.Name, OK: g.isFilled()}
	if !c.OK {
		c.Detail = fmt.Sprintf("%d%%", g.percent())
	}
	return c
}

// status is what a snapshot shows, once the instance is up.
func (g *global) status() status.Global {
	s := status.Global{
		Name: g.spec.Name, Topic: g.spec.Topic(), State: status.Starting, Percent: g.percent(),
		Position: g.position.Load(), End: g.end.Load(), Records: g.records.Load(),
	}
	switch {
	case g.isFilled():
		s.State, s.Complete = status.Running, millis(g.current.Load())
	case g.begun.Load():
		s.State = status.Restoring
	}
	for reason, n := range g.dropped() {
		if n > 0 {
			if s.Dropped == nil {
				s.Dropped = make(map[string]uint64)
			}
			s.Dropped[reason] = n
		}
	}
	return s
}
