package task

import (
	"math"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// resume sends on what calls have brought, each as part of the record that it
// was made for, until one fails or none is left. Results come in the order in
// which the calls were done; those found done together in that of the records.
func (t *Task) resume() error {
	cs := t.calls
	if cs == nil || cs.open == 0 {
		return nil
	}
	for {
		cs.revive(t.now)
		cs.collect()
		if len(cs.done) == 0 || t.ctx.Err() != nil {
			return nil
		}
		t.flushed = false
		c := cs.done[0]
		t.at = place{class: processor.Process, call: c}
		if c.origin != nil {
			t.at.input = c.origin.in
		} else {
			t.at.class = processor.Punctuate
		}
		t.meta = c.meta
		if c.err != nil && c.tries <= c.node.limits.Retries {
			t.tryAgain(c)
			continue
		}
		t.begin()
		err := graph.At(c.node.node, c.err)
		if err == nil {
			err = c.Resume()
		}
		if err == nil {
			err = t.accept()
		}
		if err != nil {
			return err
		}
		cs.finish(c)
	}
}

// tryAgain has a failed call repeated by the node's own limits, before any
// policy is asked.
func (t *Task) tryAgain(c *call) {
	e := t.describe(graph.At(c.node.node, c.err))
	e.Attempt = c.tries
	t.own.failed(e.Class, processor.Retry)
	if t.cfg.OnError != nil {
		t.cfg.OnError(e, processor.Retry)
	}
	t.calls.repeat(c, later(t.now, backoff(c.node.limits.Backoff, c.tries)))
}

// settled runs fn until it has nothing more to do or a policy is to fail.
func (t *Task) settled(fn func() error) error {
	for {
		err := guarded(fn)
		if err == nil {
			return nil
		}
		if err = t.settle(err); err != nil {
			return err
		}
	}
}

// Drain is what a task whose commit is due does instead of Process: it takes no
// record, resumes the calls that are done, and when there are none left that a
// commit has to wait for it lets nodes flush, which may make more of them. A
// Wait of WaitNone says that Commit may be called; WaitAsync that calls are
// open, so that Drain is to be called again once one is done (Config.Wake) or
// at Until. A task without calls is always ready. Errors are those of Process.
func (t *Task) Drain(nowMs int64) (Result, error) {
	if t.calls == nil && t.dead == nil {
		return Result{Until: math.MaxInt64}, nil
	}
	if err := t.ready(nowMs); err != nil {
		return Result{}, err
	}
	err := t.drain()
	t.publish()
	if err != nil {
		return Result{}, err
	}
	res := Result{Until: t.calls.nextRetry()}
	if t.held() > 0 {
		res.Wait = WaitAsync
	}
	return res, nil
}

func (t *Task) drain() error {
	for {
		if err := t.settled(t.resume); err != nil {
			return err
		}
		if t.held() > 0 || t.flushed {
			return nil
		}
		if err := t.flush(); err != nil {
			return err
		}
		t.flushed = true
	}
}
