package task

import (
	"math"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// schedules are the punctuations of one clock. As in Kafka Streams, those of
// stream time lie on the multiples of their interval and are first due at 0,
// that is with the first record; those of the wall clock start one interval
// from now. What was missed collapses into one call.
type schedules struct {
	list []*schedule
	due  int64 // the earliest next; may be too early after a cancel
}

type schedule struct {
	node      *graph.Node
	clock     processor.Clock
	fn        func(nowMs int64) error
	interval  int64
	next      int64
	after     int64 // not before the task has accepted more records than this
	cancelled bool
	attempts  [numPolicies]int
}

func newSchedules() schedules { return schedules{due: math.MaxInt64} }

func (s *schedules) add(d *schedule) {
	s.list = append(s.list, d)
	s.due = min(s.due, d.next)
}

// earliest is the next schedule to call at time now, nil if none is due.
func (s *schedules) earliest(now, accepted int64) *schedule {
	var best *schedule
	for _, d := range s.list {
		if !d.cancelled && d.next <= now && d.after < accepted && (best == nil || d.next < best.next) {
			best = d
		}
	}
	return best
}

// sweep forgets cancelled schedules and finds out when the next one is due.
func (s *schedules) sweep() {
	kept := s.list[:0]
	s.due = math.MaxInt64
	for _, d := range s.list {
		if !d.cancelled {
			kept = append(kept, d)
			s.due = min(s.due, d.next)
		}
	}
	clear(s.list[len(kept):])
	s.list = kept
}

// done moves the schedule to the first of its times after now.
func (d *schedule) done(now int64) {
	clear(d.attempts[:])
	if now > math.MaxInt64-d.interval {
		d.cancelled = true // no such time exists
		return
	}
	d.next += ((now-d.next)/d.interval + 1) * d.interval
}

// schedule is processor.Context.Schedule for a node.
func (t *Task) schedule(n *graph.Node, clock processor.Clock, interval time.Duration, fn func(int64) error) func() {
	d := &schedule{node: n, clock: clock, fn: fn, interval: max(1, interval.Milliseconds())}
	if clock == processor.WallClock {
		d.next, d.after = later(t.now, interval), -1
	} else {
		d.after = t.accepted
	}
	t.clocks[clock].add(d)
	return func() { d.cancelled = true }
}

// scheduleAt is processor.Context.ScheduleAt for a node.
func (t *Task) scheduleAt(n *graph.Node, clock processor.Clock, anchor int64, interval time.Duration, fn func(int64) error) func() {
	anchor = max(anchor, math.MinInt64/2) // what is subtracted from below stays in range
	d := &schedule{node: n, clock: clock, fn: fn, interval: max(1, interval.Milliseconds()), next: anchor, after: -1}
	if late := t.time(clock) - anchor; late > 0 {
		d.next += ((late-1)/d.interval + 1) * d.interval
	}
	if clock == processor.StreamTime {
		d.after = t.accepted
	}
	t.clocks[clock].add(d)
	return func() { d.cancelled = true }
}

// later is now plus d, at least 1 ms, without overflow.
func later(now int64, d time.Duration) int64 {
	ms := max(1, d.Milliseconds())
	if now > math.MaxInt64-ms {
		return math.MaxInt64
	}
	return now + ms
}

// time is what a clock shows.
func (t *Task) time(clock processor.Clock) int64 {
	if clock == processor.StreamTime {
		return t.streamTime
	}
	return t.now
}

// NextWall is when the next wall-clock punctuation is due, math.MaxInt64 if
// there is none. While the task is parked none is due.
func (t *Task) NextWall() int64 {
	if !t.wired {
		return t.now // the nodes are to be made, and schedule something
	}
	return max(t.clocks[processor.WallClock].due, t.parked)
}

// Punctuate calls the punctuations of the wall clock, or those of stream time,
// that are due, and returns how many that were. Process does the latter by
// itself. Errors are those of Process.
func (t *Task) Punctuate(nowMs int64, wall bool) (int, error) {
	if err := t.ready(nowMs); err != nil {
		return 0, err
	}
	clock := processor.StreamTime
	if wall {
		clock = processor.WallClock
	}
	return t.punctuate(clock)
}

func (t *Task) punctuate(clock processor.Clock) (int, error) {
	total := 0
	t.flushed = false
	for t.now >= t.parked {
		n, err := t.fire(clock)
		total += n
		if err == nil {
			break
		}
		if err := t.settle(err); err != nil {
			t.publish()
			return total, err
		}
	}
	err := t.settled(t.resume) // calls that were done at once
	t.publish()
	return total, err
}

// fire calls what is due, earliest first, until one fails.
func (t *Task) fire(clock processor.Clock) (n int, err error) {
	defer catch(&err)
	s, now := &t.clocks[clock], t.time(clock)
	for {
		d := s.earliest(now, t.accepted)
		if d == nil {
			s.sweep()
			return n, nil
		}
		t.at = place{class: processor.Punctuate, node: d.node, due: d}
		t.meta = graph.Meta{Time: now}
		t.begin()
		if err := d.fn(now); err != nil {
			return n, err
		}
		if err := t.accept(); err != nil {
			return n, err
		}
		d.done(now)
		n++
		t.own.punctuations[d.clock]++
	}
}
