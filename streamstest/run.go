package streamstest

import (
	"math"
	"slices"
	"time"

	"github.com/millrace-io/millrace/internal/task"
)

// wake gives a task a turn.
func (d *Driver) wake(r *running) {
	if !r.queued && !r.closed {
		r.queued = true
		d.ready = append(d.ready, r)
	}
}

// settle gives tasks their turns until none has anything to do.
func (d *Driver) settle() {
	for d.failed == nil {
		if d.behind {
			if err := d.followAll(); err != nil {
				d.fail(err)
				return
			}
		}
		if d.turns == len(d.ready) {
			return
		}
		r := d.ready[d.turns]
		if d.turns++; d.turns == len(d.ready) {
			d.ready, d.turns = d.ready[:0], 0
		}
		r.queued = false
		if r.closed {
			continue
		}
		if err := d.turn(r); err != nil {
			d.fail(err)
		}
	}
}

// turn lets a task process as many records as its instance may before a commit.
func (d *Driver) turn(r *running) error {
	if r.draining {
		ready, err := d.drain(r)
		if err != nil || !ready {
			return err
		}
		d.wake(r)
		return d.commit(r.on)
	}
	limit := d.cfg.CommitEvery - r.on.uncommitted
	if d.cfg.ManualCommit {
		limit = 1000
	}
	again := r.until <= d.nowMs // a call was to be tried again, if it was not a record
	d.feed(r)
	res, err := r.Process(d.nowMs, limit)
	if err != nil {
		return err
	}
	r.until, r.parked = res.Until, res.Wait == task.WaitParked
	if res.Wait == task.WaitNone {
		r.until = math.MaxInt64
		d.wake(r)
	}
	if again && res.Records == 0 && r.NeedsCommit() {
		res.Records = 1
	}
	return d.worked(r, res.Records)
}

// worked commits if it is time after a task has processed some records.
func (d *Driver) worked(r *running, records int) error {
	r.on.uncommitted += records
	if due := !d.cfg.ManualCommit && r.on.uncommitted >= d.cfg.CommitEvery; due || r.CommitRequested() {
		return d.commit(r.on)
	}
	return nil
}

// Advance moves the wall clock. Whatever becomes due on the way (punctuations,
// retries after a back-off, records held up by a MaxRate) happens at its time.
func (d *Driver) Advance(by time.Duration) {
	d.tb.Helper()
	end := d.nowMs + by.Milliseconds()
	for d.failed == nil {
		next := min(d.nextWork(), end)
		d.nowMs = max(d.nowMs, next)
		d.tick()
		if next == end {
			break
		}
	}
	d.report()
}

// nextWork is when something becomes due by the wall clock.
func (d *Driver) nextWork() int64 {
	next := int64(math.MaxInt64)
	for _, r := range d.tasks() {
		next = min(next, r.NextWall(), r.until)
	}
	for _, inst := range d.instances {
		for _, g := range inst.globals {
			next = min(next, g.due())
		}
	}
	return max(next, d.nowMs+1)
}

// tick does what is due now.
func (d *Driver) tick() {
	if err := d.followAll(); err != nil {
		d.fail(err)
	}
	for _, r := range d.tasks() {
		if d.failed != nil {
			return
		}
		if r.closed {
			continue // it is made anew elsewhere, with schedules that begin now
		}
		if r.until <= d.nowMs {
			d.wake(r)
		}
		if err := d.punctuate(r); err != nil {
			d.fail(err)
		}
		d.settle()
	}
}

func (d *Driver) punctuate(r *running) error {
	if r.NextWall() > d.nowMs {
		return nil
	}
	n, err := r.Punctuate(d.nowMs, true)
	if err != nil {
		return err
	}
	return d.worked(r, n)
}

// tasks are all that run, by id.
func (d *Driver) tasks() (list []*running) {
	for _, inst := range d.instances {
		list = append(list, inst.tasks...)
	}
	slices.SortFunc(list, func(a, b *running) int { return compareIDs(a.ID(), b.ID()) })
	return list
}
