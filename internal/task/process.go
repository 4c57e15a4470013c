package task

import (
	"math"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// Result says what a call of Process has done and what the task waits for.
type Result struct {
	// Records is how many records were taken off the queues, dropped ones
	// included.
	Records int
	Wait    Wait
	// Topic is what WaitInput waits for, or what WaitRate bounds.
	Topic string
	// Until is when it is worth while to call again: the time that WaitParked
	// and WaitRate end, or when a call is to be tried again. It is
	// math.MaxInt64 if only Add, SetLag or a call that is done help.
	Until int64
}

// Wait is why Process returned.
type Wait uint8

// The kinds of Wait.
const (
	WaitNone   Wait = iota // nothing: there are more records, or a commit was asked for
	WaitEmpty              // all queues are empty
	WaitInput              // Topic is empty and lags, others have records
	WaitParked             // back-off before a retry
	WaitRate               // MaxRate of Topic
	WaitAsync              // a node has as many calls open as it may
)

// Process takes up to limit records off the queues, earliest first, and sends
// each through the graph. It also runs the stream-time punctuations that
// become due, right after the record that made them due: what comes out does
// not depend on limit. What calls to other services have brought is sent on
// between records.
//
// A record that fails leaves no trace; its policy decides how to go on. An
// error means that the policy is to fail (a *processor.Error, the record stays
// at the head of its queue), that the task was cancelled, or that it could not
// be started again after Discard.
func (t *Task) Process(nowMs int64, limit int) (Result, error) {
	if err := t.ready(nowMs); err != nil {
		return Result{}, err
	}
	t.left, t.taken, t.yield, t.flushed = limit, 0, false, false
	var res Result
	err := t.run(&res)
	for err != nil {
		if err = t.settle(err); err != nil {
			break
		}
		if t.left--; t.left <= 0 { // attempts count, so that replacements end
			res = Result{Wait: WaitNone, Until: nowMs}
			break
		}
		err = t.run(&res)
	}
	if t.calls != nil {
		res.Until = min(res.Until, t.calls.nextRetry())
	}
	if t.marks != nil {
		res.Until = min(res.Until, t.marks.until)
	}
	res.Records = t.taken
	t.own.records += uint64(t.taken)
	t.evict()
	t.publish()
	return res, err
}

// run processes records until one fails or there is nothing to do. Panics of
// user code end it with an error: one deferred call per batch.
func (t *Task) run(res *Result) (err error) {
	defer catch(&err)
	for {
		if err := t.resume(); err != nil {
			return err
		}
		if t.now < t.parked {
			*res = Result{Wait: WaitParked, Until: t.parked}
			return nil
		}
		if t.marks != nil {
			t.advance()
		}
		if t.streamTime >= t.clocks[processor.StreamTime].due {
			if _, err := t.fire(processor.StreamTime); err != nil {
				return err
			}
		}
		if t.calls != nil && t.calls.full() {
			*res = Result{Wait: WaitAsync, Until: math.MaxInt64}
			return nil
		}
		in, err := t.choose(res)
		if in == nil {
			return err
		}
		if t.left <= 0 || t.yield || t.ctx.Err() != nil {
			*res = Result{Wait: WaitNone, Until: t.now}
			return nil
		}
		if until, ok := in.rate.take(t.now); !ok {
			*res = Result{Wait: WaitRate, Topic: in.topic, Until: until}
			return nil
		}
		t.left--
		if err := t.deliver(in); err != nil {
			return err
		}
		in.take()
		t.taken++
	}
}

// choose returns the input whose head is the earliest; ties go to the one that
// was named first. nil says that there is none to be taken now, and res why.
func (t *Task) choose(res *Result) (*input, error) {
	var best, empty *input
	var until int64
	for _, in := range t.inputs {
		if !in.loaded {
			if err := t.load(in); err != nil {
				return nil, err
			}
		}
		switch {
		case in.queue.n == 0:
			if u := in.waitUntil(t.now, t.cfg.IdleWait); u > until {
				empty, until = in, u
			}
		case best == nil || in.time < best.time:
			best = in
		}
	}
	if best == nil {
		*res = Result{Wait: WaitEmpty, Until: math.MaxInt64}
		return nil, nil
	}
	if empty != nil {
		*res = Result{Wait: WaitInput, Topic: empty.topic, Until: until}
		return nil, nil
	}
	return best, nil
}

// load decodes the head of the queue, if there is one. Records without a valid
// time are dropped here, before they can hold up others.
func (t *Task) load(in *input) error {
	for in.queue.n > 0 {
		t.at = place{class: processor.Decode, input: in}
		time, err := in.decode()
		if err != nil {
			return err
		}
		if time >= 0 {
			in.time, in.loaded = time, true
			return nil
		}
		*in.negative++
		in.take()
		t.taken++
	}
	return nil
}

// deliver sends the loaded record through the graph. Times move before it, as
// operators compare records with them, and move back if the record fails: what
// is skipped or goes to the dead-letter topic has never happened.
func (t *Task) deliver(in *input) error {
	t.at = place{class: processor.Process, input: in}
	t.begin()
	in.loaded = false // a failed record is decoded again: user code may have changed it
	in.partitionTime = max(in.partitionTime, in.time)
	if t.marks == nil {
		t.streamTime = max(t.streamTime, in.time)
	} else {
		t.observe(in)
	}
	t.meta = graph.Meta{Time: in.time, Headers: in.queue.head().Headers}
	if err := in.head.Deliver(&t.meta); err != nil {
		return err
	}
	if err := t.accept(); err != nil {
		return err
	}
	t.accepted++
	t.records++
	return nil
}
