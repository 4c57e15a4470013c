package graph

import (
	"time"

	"github.com/millrace-io/millrace/processor"
)

// Clock is a stream time of a node's own: that of Task.OperatorTime, and what
// moves it. That is the time of each record of the node, or the watermark of
// the task if its sources have one.
type Clock struct {
	own       *int64
	watermark *int64 // nil for none
}

// ClockOf is the clock of node n, whose StreamTime is set.
func ClockOf(t Task, n *Node) Clock {
	return Clock{own: t.OperatorTime(n), watermark: t.Watermark()}
}

// Observe moves the clock on by a record and returns the stream time, which is
// that of the record already. It may be before the record's own time: a source
// whose records come out of order lags behind them.
func (c Clock) Observe(m *Meta) int64 {
	if c.watermark != nil {
		return c.Now()
	}
	*c.own = max(*c.own, m.Time)
	return *c.own
}

// Raise moves the clock on to a time at which nothing came.
func (c Clock) Raise(ms int64) { *c.own = max(*c.own, ms) }

// Now is the stream time, -1 before the first record. A watermark also moves it
// between the records of the node.
func (c Clock) Now() int64 {
	if c.watermark != nil {
		*c.own = max(*c.own, *c.watermark)
	}
	return *c.own
}

// Watch calls moved with the stream time when that may have moved between the
// records of the node, as a watermark does. ctx is that of the node.
func (c Clock) Watch(ctx processor.Context, moved func(nowMs int64) error) {
	if c.watermark != nil {
		ctx.Schedule(processor.StreamTime, time.Millisecond, func(int64) error { return moved(c.Now()) })
	}
}
