package runtime

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/millrace-io/millrace/changelog"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// tp names a topic partition.
type tp struct {
	topic     string
	partition int32
}

func (p tp) String() string { return fmt.Sprintf("%s[%d]", p.topic, p.partition) }

// The phases of a task on this instance.
const (
	phaseStarting int32 = iota
	phaseRestoring
	phaseRunning
	phaseClosed
)

// handle is a task as the runtime sees it, from its assignment to its loss.
type handle struct {
	id     processor.TaskID
	sub    *graph.Subtopology
	topics map[*graph.Node][]string
	inputs []tp
	member string // the member id under which it was assigned (R2)
	worker *worker

	// ctx ends when the task is given up; the starter stops then. work ends
	// when what the task does is of no use any more: user code waits under it.
	ctx, work       context.Context
	cancel, abandon context.CancelFunc
	started         chan struct{} // closed when the starter is done with it

	// lost says that another member may own the task by now: nothing that it
	// did since may be committed.
	lost  atomic.Bool
	phase atomic.Int32
	// restarting says that somebody is about to start the task again.
	restarting atomic.Bool
	inbox      inbox
	// waiting says that the task has records but waits for another input.
	waiting atomic.Bool
	pub     atomic.Pointer[task.Published]
	folded  folded
	// ends are the last stable offsets by topic as of the last fetch, progress
	// the restores by store. The maps never change.
	ends     map[string]*atomic.Int64
	progress map[string]*changelog.Progress

	// What follows belongs to the starter until it hands the task over, and
	// to the worker from then on.
	task      *task.Task
	stores    map[string]state.Store
	topicIDs  map[string][16]byte // of changelogs, by store
	fetched   []batch             // spare slice for inbox.take
	releasing bool                // processes no more
	batch     int                 // how many records to process in one go, see pace
	drain     draining

	conclusion conclusion
}

func newHandle(ctx context.Context, want wanted, member string) *handle {
	h := &handle{id: want.id, sub: want.sub, topics: want.topics, inputs: want.inputs(), member: member, started: make(chan struct{})}
	h.ctx, h.cancel = context.WithCancel(ctx)
	h.work, h.abandon = context.WithCancel(ctx)
	h.ends = make(map[string]*atomic.Int64)
	for _, p := range h.inputs {
		h.ends[p.topic] = new(atomic.Int64)
		h.ends[p.topic].Store(-1)
	}
	h.progress = make(map[string]*changelog.Progress)
	for _, spec := range want.sub.Stores {
		h.progress[spec.Name] = new(changelog.Progress)
	}
	return h
}
