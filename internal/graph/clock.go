package graph

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

// Moves says whether the stream time also moves between the records of the
// node: then a punctuation of stream time is where to look at it.
func (c Clock) Moves() bool { return c.watermark != nil }
