package task

import (
	"math"

	"github.com/millrace-io/millrace/processor"
)

// atEnd is the clock of what is done once there is no more input. It stands
// still until Finish.
const atEnd = processor.WallClock + 1

// Finish has nodes send on what they hold back until a later time of the wall
// clock, for a bounded run that has no more records for the task, and asks for
// a commit. Each is a punctuation of the wall clock, with its policy: a Wait of
// WaitParked says that one is to be tried again at Until, by another call.
// WaitNone says that all is done. Calls to other services may be open then:
// Drain waits for them. Errors are those of Process.
func (t *Task) Finish(nowMs int64) (Result, error) {
	if err := t.ready(nowMs); err != nil {
		return Result{}, err
	}
	if len(t.hooks.finishers) == 0 {
		return Result{Until: math.MaxInt64}, nil
	}
	pending := &t.clocks[atEnd]
	if len(pending.list) == 0 {
		for _, f := range t.hooks.finishers {
			pending.add(&schedule{node: f.node, clock: processor.WallClock, fn: f.Finish, interval: math.MaxInt64, next: nowMs, after: -1})
		}
	}
	if _, err := t.punctuate(atEnd); err != nil {
		return Result{}, err
	}
	if t.now < t.parked {
		return Result{Wait: WaitParked, Until: t.parked}, nil
	}
	*pending = newSchedules()
	t.ask = true
	return Result{Until: math.MaxInt64}, nil
}
