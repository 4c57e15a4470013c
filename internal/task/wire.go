package task

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// instance is what a node, or the head of one of its topics, is in this task.
type instance struct {
	node *graph.Node
	made any
}

// wire makes and starts the nodes. They are made anew after an abort: what a
// Processor keeps in its fields has seen records that never happened.
func (t *Task) wire() error {
	ctx, cancel := context.WithCancel(t.cfg.Context)
	t.ctx = ctx
	t.cancel.Store(&cancel)
	t.wired = true
	t.accepted = 0
	t.clocks = [3]schedules{newSchedules(), newSchedules(), newSchedules()}
	t.at = place{class: processor.Process}
	t.meta = graph.Meta{Time: max(0, t.streamTime)}

	ins := map[*graph.Node][]any{}
	for _, n := range slices.Backward(t.cfg.Sub.Nodes) {
		t.at.node = n
		err := guarded(func() error { return t.instantiate(n, ins) })
		if err != nil {
			return t.describe(err)
		}
	}
	slices.Reverse(t.instances)
	t.hooks = hooksOf(t.instances)
	for _, i := range t.instances {
		if s, ok := i.made.(graph.Starter); ok {
			t.at.node = i.node
			if err := guarded(s.Start); err != nil {
				return t.describe(err)
			}
		}
	}
	t.at.node = nil
	if err := guarded(t.complete); err != nil { // of what was forwarded at the start
		return t.describe(err)
	}
	t.at = place{}
	if t.calls != nil {
		t.calls.admit() // of the same
	}
	t.publishDrops()
	return nil
}

// instantiate makes the instance of n, whose outputs lead to ins.
func (t *Task) instantiate(n *graph.Node, ins map[*graph.Node][]any) error {
	outs := t.outputs(n, ins)
	if n.Source != nil {
		for _, topic := range t.cfg.Topics[n] {
			head, err := n.Source.New(t, topic, outs)
			if err != nil {
				return fmt.Errorf("topic %s: %w", topic, err)
			}
			in := t.topics[topic]
			in.head = head
			if in.mark != nil {
				in.mark.marker, _ = head.(graph.Marker)
			}
			t.instances = append(t.instances, instance{n, head})
		}
		return nil
	}
	t.outs = outs
	made, err := n.New(t, outs)
	t.outs = nil
	if err != nil {
		return err
	}
	ins[n] = made
	if len(made) > 0 {
		t.instances = append(t.instances, instance{n, made[0]})
	}
	return nil
}

// outputs makes one Receiver for each output port of n. Nodes behind a port
// get its records in the order in which they were described.
func (t *Task) outputs(n *graph.Node, ins map[*graph.Node][]any) []any {
	behind := make([][]any, len(n.Out))
	readers := slices.Clone(t.cfg.Sub.Nodes)
	slices.SortStableFunc(readers, func(a, b *graph.Node) int { return a.ID - b.ID })
	for _, r := range readers {
		for _, e := range r.In {
			if e.From == n {
				behind[e.Port] = append(behind[e.Port], ins[r][e.In])
			}
		}
	}
	outs := make([]any, len(n.Out))
	for port := range n.Out {
		outs[port] = n.Out[port].Fan(behind[port])
	}
	return outs
}

// unwire closes the nodes, in topological order.
func (t *Task) unwire() error {
	if !t.wired {
		return nil
	}
	t.Cancel()
	var errs []error
	for _, i := range t.instances {
		if c, ok := i.made.(graph.Closer); ok {
			t.at = place{class: processor.Process, node: i.node}
			if err := guarded(c.Close); err != nil {
				errs = append(errs, t.describe(err))
			}
		}
	}
	t.at = place{}
	t.wired = false
	t.instances, t.hooks, t.calls = nil, hooks{}, nil
	return errors.Join(errs...)
}

// ready says whether the task can work, and makes its nodes after a Discard.
func (t *Task) ready(nowMs int64) error {
	t.now = nowMs
	if t.dead == nil && !t.wired {
		if err := t.wire(); err != nil {
			t.dead = errors.Join(err, t.unwire())
		}
	}
	if t.dead != nil {
		return t.dead
	}
	if t.spoiled != nil {
		return t.spoiled
	}
	return context.Cause(t.ctx)
}
