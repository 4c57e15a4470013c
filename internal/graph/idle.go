package graph

import (
	"time"

	"github.com/millrace-io/millrace/processor"
)

// Idle has the stream time of a node go on with the wall clock once there have
// been no records for so long. The zero value never does.
type Idle struct {
	limitMs int64 // of the wall clock; 0 for never
	clock   Clock
	ctx     processor.Context
	task    Task
	// The wall clock and the stream time with the last record.
	wallTime, since int64
}

// IdleOf is the Idle of node n, whose clock is c, once there were no records for
// a time; 0 is never.
func IdleOf(t Task, n *Node, c Clock, after time.Duration) Idle {
	return Idle{limitMs: after.Milliseconds(), clock: c, ctx: t.Context(n), task: t}
}

// Start begins to look at the wall clock, and calls goesOn with the stream time
// while that goes on. The clock of the node stays where it is.
func (i *Idle) Start(goesOn func(streamTime int64) error) {
	if i.limitMs == 0 {
		return
	}
	i.begin()
	i.ctx.Schedule(processor.WallClock, min(time.Second, time.Duration(i.limitMs)*time.Millisecond), func(int64) error {
		if ms, idle := i.streamTime(); idle {
			return goesOn(ms)
		}
		return nil
	})
}

// Record notes that there was a record.
func (i *Idle) Record() {
	if i.limitMs > 0 {
		i.begin()
	}
}

func (i *Idle) begin() { i.wallTime, i.since = i.ctx.Now(), i.clock.Now() }

// streamTime is the stream time that goes on with the wall clock, if there were
// no records for so long. Those that wait to be processed, here or at the
// broker, count as well: a task that is behind must not make them late.
func (i *Idle) streamTime() (ms int64, idle bool) {
	if i.clock.Now() < 0 {
		return 0, false
	}
	if !i.task.AtEnd() {
		i.begin()
		return 0, false
	}
	passed := i.ctx.Now() - i.wallTime
	// A record that failed has moved the clock on and back again.
	return min(i.since, i.clock.Now()) + passed, passed >= i.limitMs
}
