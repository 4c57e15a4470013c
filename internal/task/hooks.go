package task

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// hooks are the nodes of one incarnation that take part in more than records,
// in topological order. Most tasks have none.
type hooks struct {
	flushers   []flusher
	finishers  []finisher
	completers []graph.Completer
	settlers   []graph.Settler
	journals   []graph.Journaled
	waiting    []graph.Unsettled
}

type finisher struct {
	node *graph.Node
	graph.Finisher
}

type flusher struct {
	node *graph.Node
	graph.Flusher
}

func hooksOf(instances []instance) (h hooks) {
	for _, i := range instances {
		if f, ok := i.made.(graph.Flusher); ok {
			h.flushers = append(h.flushers, flusher{i.node, f})
		}
		if f, ok := i.made.(graph.Finisher); ok {
			h.finishers = append(h.finishers, finisher{i.node, f})
		}
		if c, ok := i.made.(graph.Completer); ok {
			h.completers = append(h.completers, c)
		}
		if s, ok := i.made.(graph.Settler); ok {
			h.settlers = append(h.settlers, s)
		}
		if j, ok := i.made.(graph.Journaled); ok {
			h.journals = append(h.journals, j)
		}
		if u, ok := i.made.(graph.Unsettled); ok {
			h.waiting = append(h.waiting, u)
		}
	}
	return h
}

// unsettled reports whether a node waits for a transaction that would have
// nothing in it otherwise.
func (h *hooks) unsettled() bool {
	for _, u := range h.waiting {
		if u.Unsettled() {
			return true
		}
	}
	return false
}

// complete lets nodes send on what they have held back until a record has been
// through all of them.
func (t *Task) complete() error {
	for _, c := range t.hooks.completers {
		if err := c.Complete(); err != nil {
			return err
		}
	}
	return nil
}

// flush lets nodes send on what they have held back. There is no later time to
// try one again: what its policy does not skip spoils the task.
func (t *Task) flush() error {
	if !t.wired {
		return nil
	}
	for _, f := range t.hooks.flushers {
		t.at = place{class: processor.Punctuate, node: f.node}
		t.meta = graph.Meta{Time: max(0, t.streamTime)}
		t.begin()
		err := guarded(func() error {
			if err := f.Flush(t.now); err != nil {
				return err
			}
			return t.accept()
		})
		if err == nil {
			continue
		}
		t.undo()
		e := t.describe(err)
		action := processor.Fail
		if t.policy(e.Class).Then == processor.Skip {
			action = processor.Skip
		}
		t.own.failed(e.Class, action)
		if t.cfg.OnError != nil {
			t.cfg.OnError(e, action)
		}
		if action == processor.Fail {
			t.spoiled = e
			return e
		}
	}
	t.at = place{}
	return nil
}
