package task

import (
	"errors"
	"fmt"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// numPolicies is the number of classes that have a policy.
const numPolicies = int(processor.Produce) + 1

// defaultBackoff is Policy.Backoff if it is 0, maxDoublings bounds its growth
// to 64 times.
const (
	defaultBackoff = 100 * time.Millisecond
	maxDoublings   = 6
)

// place is what the task is doing: for errors, and for processor.Context.
type place struct {
	class processor.Class
	node  *graph.Node // where it is known beforehand
	input *input      // nil if no record is involved
	due   *schedule   // the punctuation, if it is one
	call  *call       // the one that is resumed, if it is one
	// origin is what the calls of the record at hand come from, once there is
	// one.
	origin *origin
}

// record is the record at hand as it was read. There must be one.
func (p *place) record() *graph.Input {
	switch {
	case p.call != nil:
		return &p.call.origin.record
	case p.input.original != nil:
		return p.input.original
	}
	return p.input.queue.head()
}

// settle takes back what a failed record or punctuation has done and does what
// its policy says. It returns an error if that is to fail.
func (t *Task) settle(cause error) error {
	if t.at.class != processor.Decode {
		t.undo()
	}
	e := t.describe(cause)
	if t.ctx.Err() != nil {
		return e // the work is thrown away: no reason to skip a record
	}
	attempts := t.attempts()
	attempts[e.Class]++
	e.Attempt = attempts[e.Class]
	d, err := decide(t.policy(e.Class), e)
	if err == nil {
		err = t.possible(d.Action, e)
	}
	if err == nil && d.Action == processor.DeadLetter {
		err = t.deadLetter(e)
	}
	if err != nil {
		d.Action = processor.Fail
		e.Err = fmt.Errorf("%w (%w)", e.Err, err)
	}
	t.own.failed(e.Class, d.Action)
	if t.cfg.OnError != nil {
		t.cfg.OnError(e, d.Action)
	}
	return t.act(d, e)
}

// act does what was decided.
func (t *Task) act(d processor.Decision, e *processor.Error) error {
	in := t.at.input
	switch d.Action {
	case processor.Retry:
		if c := t.at.call; c != nil {
			c.tries = 0
			t.calls.repeat(c, later(t.now, backoff(t.policy(e.Class).Backoff, e.Attempt)))
			break
		}
		t.parked = later(t.now, backoff(t.policy(e.Class).Backoff, e.Attempt))
	case processor.Replace:
		if in.original == nil {
			original := *in.queue.head()
			in.original = &original
		}
		in.queue.replace(d.Key, d.Value)
		in.null = false
	case processor.NullValue:
		in.null = true
	case processor.Skip, processor.DeadLetter:
		if due := t.at.due; due != nil {
			due.done(t.time(due.clock))
			break
		}
		switch {
		case in == nil: // a call that a punctuation has made
		case d.Action == processor.Skip:
			*in.skipped++
		default:
			in.deadLetters++
		}
		if c := t.at.call; c != nil {
			t.calls.finish(c) // its record has been taken before
			break
		}
		in.take()
		t.taken++
	default:
		return e
	}
	return nil
}

// describe makes the error that users see, with the place where it came up.
func (t *Task) describe(cause error) *processor.Error {
	e := &processor.Error{Class: t.at.class, Task: t.id, Partition: -1, Offset: -1, Attempt: 1, Err: cause}
	if in := t.at.input; in != nil {
		e.Topic, e.Partition, e.Offset = in.topic, t.id.Partition, t.at.record().Offset
		if e.Class == processor.Decode {
			e.Node = in.node.Name
		}
	}
	if t.at.node != nil {
		e.Node = t.at.node.Name
	}
	var named *graph.NodeError
	if errors.As(cause, &named) {
		e.Node = named.Node.Name
	}
	var p *panicError
	if errors.As(cause, &p) {
		e.Stack = p.stack
	}
	var refused *processor.Error
	if errors.As(cause, &refused) && refused.Class == processor.Produce && refused.Err != nil {
		e.Class, e.Err, e.Hint = processor.Produce, refused.Err, refused.Hint
		if refused.Node != "" {
			e.Node = refused.Node
		}
	}
	if e.Hint == "" {
		e.Hint = hint(e)
	}
	return e
}

// Report implements graph.Task.
func (t *Task) Report(n *graph.Node, err error) {
	e := &processor.Error{Class: processor.Punctuate, Task: t.id, Node: n.Name, Partition: -1, Offset: -1, Attempt: 1, Err: err}
	t.own.failed(e.Class, processor.Skip)
	if t.cfg.OnError != nil {
		t.cfg.OnError(e, processor.Skip)
	}
}

func hint(e *processor.Error) string {
	switch {
	case e.Stack != nil:
		return "user code panicked, its stack is in the field Stack"
	case e.Class == processor.Decode:
		return "check the topic's serdes, or set a decode policy"
	case e.Class == processor.Produce:
		return "set Policies.Produce to go on without such records"
	case e.Class == processor.Punctuate:
		return "set Policies.Punctuate to go on without this call"
	case e.Topic != "":
		return "set Policies.Process to go on without such records"
	}
	return ""
}

// policy is the one for errors of a class at the present place.
func (t *Task) policy(c processor.Class) *processor.Policy {
	p := &t.cfg.Policies
	switch c {
	case processor.Decode:
		if own := t.at.input.node.Source.Decode; own != nil {
			return own
		}
		return &p.Decode
	case processor.Punctuate:
		return &p.Punctuate
	case processor.Produce:
		return &p.Produce
	}
	return &p.Process
}

func (t *Task) attempts() *[numPolicies]int {
	if t.at.call != nil {
		return &t.at.call.attempts
	}
	if t.at.due != nil {
		return &t.at.due.attempts
	}
	return &t.at.input.attempts
}

// decide asks the policy. A callback that panics decides nothing.
func decide(p *processor.Policy, e *processor.Error) (d processor.Decision, err error) {
	if p.Decide != nil {
		err = guarded(func() error { d = p.Decide(e); return nil })
		if err != nil {
			err = fmt.Errorf("Policy.Decide: %w", err)
		}
		return d, err
	}
	if e.Attempt <= p.Retries {
		return processor.Decision{Action: processor.Retry}, nil
	}
	return processor.Decision{Action: p.Then}, nil
}

// possible says why an action cannot be done here.
func (t *Task) possible(a processor.Action, e *processor.Error) error {
	in := t.at.input
	switch a {
	case processor.DeadLetter:
		if in == nil {
			return errors.New("a punctuation has no record for the dead-letter topic")
		}
		if t.cfg.Policies.DeadLetterTopic == "" {
			return errors.New("dead_letter needs Policies.DeadLetterTopic")
		}
	case processor.NullValue:
		if e.Class != processor.Decode {
			return errors.New("null_value is for decode errors only")
		}
		if in.null {
			return errNullTwice
		}
	case processor.Replace:
		if in == nil {
			return errors.New("a punctuation has no record to replace")
		}
		if t.at.call != nil {
			return errors.New("a record whose call fails has been processed already and cannot be replaced")
		}
	case processor.Fail, processor.Skip, processor.Retry:
	default:
		return fmt.Errorf("%s is no action", a)
	}
	return nil
}

var errNullTwice = errors.New("the record cannot be decoded with a null value either")

// backoff is the pause after the given failed attempt.
func backoff(first time.Duration, attempt int) time.Duration {
	if first == 0 {
		first = defaultBackoff
	}
	return first << min(attempt-1, maxDoublings)
}
