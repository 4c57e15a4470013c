package graph

// Idle is how long a node has had no records, and how its stream time goes on
// then.
type Idle struct {
	LimitMs int64        // of the wall clock; 0 for never
	Now     func() int64 // the wall clock, in milliseconds
	Task    Task
	// The wall clock and the stream time with the last record.
	wallTime, since int64
}

// Record notes that there was a record, or that the clock begins.
func (i *Idle) Record(c Clock) { i.wallTime, i.since = i.Now(), c.Now() }

// StreamTime is the stream time that goes on with the wall clock, if there were
// no records for so long. Those that wait to be processed, here or at the
// broker, count as well: a task that is behind must not make them late.
func (i *Idle) StreamTime(c Clock) (ms int64, idle bool) {
	if c.Now() < 0 {
		return 0, false
	}
	if !i.Task.AtEnd() {
		i.Record(c)
		return 0, false
	}
	passed := i.Now() - i.wallTime
	return i.since + passed, passed >= i.LimitMs
}
