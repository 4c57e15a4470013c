package task

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// nodeContext is the processor.Context of one node.
type nodeContext struct {
	t    *Task
	node *graph.Node
}

// Context is what a Processor in node knows of its surroundings. It also
// implements graph.StoreContext and graph.ChildContext.
func (t *Task) Context(node *graph.Node) processor.Context { return &nodeContext{t, node} }

func (c *nodeContext) App() string              { return c.t.cfg.App }
func (c *nodeContext) Task() processor.TaskID   { return c.t.id }
func (c *nodeContext) Node() string             { return c.node.Name }
func (c *nodeContext) StreamTime() int64        { return c.t.streamTime }
func (c *nodeContext) Now() int64               { return c.t.now }
func (c *nodeContext) Context() context.Context { return c.t.ctx }

func (c *nodeContext) Topic() string {
	if in := c.t.at.input; in != nil {
		return in.topic
	}
	return ""
}

func (c *nodeContext) Partition() int32 {
	if c.t.at.input != nil {
		return c.t.id.Partition
	}
	return -1
}

func (c *nodeContext) Offset() int64 {
	if c.t.at.input != nil {
		return c.t.at.record().Offset
	}
	return -1
}

func (c *nodeContext) Schedule(clock processor.Clock, interval time.Duration, fn func(int64) error) func() {
	return c.t.schedule(c.node, clock, interval, fn)
}

func (c *nodeContext) ScheduleAt(clock processor.Clock, anchor time.Time, interval time.Duration, fn func(int64) error) func() {
	return c.t.scheduleAt(c.node, clock, anchor.UnixMilli(), interval, fn)
}

func (c *nodeContext) Commit() { c.t.ask, c.t.yield = true, true }

// TaskStore returns a store that is attached to the node.
func (c *nodeContext) TaskStore(name string) (graph.TaskStore, error) {
	if !slices.Contains(c.node.Stores, name) {
		return nil, fmt.Errorf("store %s is not attached to node %s: give the node the option With", name, c.node.Name)
	}
	s := c.t.Store(name)
	if s == nil {
		return nil, fmt.Errorf("store %s is not part of subtopology %d", name, c.t.id.Subtopology)
	}
	return s, nil
}

// Child is the receiver behind a child of the node, while that is made.
func (c *nodeContext) Child(child *graph.Child) (any, error) { return child.Output(c.node, c.t.outs) }

// GlobalStore returns the content of a global table that is attached to the
// node.
func (c *nodeContext) GlobalStore(name string) (state.Store, error) {
	if !slices.Contains(c.node.Globals, name) {
		return nil, fmt.Errorf("global table %s is not attached to node %s: give the node the option With", name, c.node.Name)
	}
	return c.t.Global(name), nil
}

// Counter is one of records that the node drops for a reason.
func (c *nodeContext) Counter(reason string) *uint64 { return c.t.Counter(c.node, reason) }
