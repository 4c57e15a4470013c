package task

import (
	"sync/atomic"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

const (
	numActions = int(processor.Replace) + 1
	numClocks  = int(processor.WallClock) + 1
)

// Published are the figures of a task that any goroutine may read. They are
// written after each batch of records and never go back, an abort included:
// they count work, not results.
type Published struct {
	// Records were taken off the queues.
	Records atomic.Uint64
	// Punctuations were called, by processor.Clock.
	Punctuations [numClocks]atomic.Uint64
	// Errors are failed attempts by processor.Class and processor.Action.
	Errors [numPolicies][numActions]atomic.Uint64
	// StreamTime is in milliseconds since the Unix epoch, -1 for none.
	StreamTime atomic.Int64
	// OutboxBytes and the other sizes are what the task holds at the moment.
	OutboxBytes, CleanBytes, DirtyBytes, FrozenBytes atomic.Int64
	// Inputs are the figures by topic. The list never changes.
	Inputs []*InputFigures

	drops atomic.Pointer[[]*Drop]
}

// InputFigures are the figures of one topic partition.
type InputFigures struct {
	Topic string
	// Position is the offset after the last record taken, Committed where the task
	// goes back to if what it does now fails; -1 if unknown.
	Position, Committed atomic.Int64
	// Time is the highest event time, -1 for none.
	Time                           atomic.Int64
	BufferedRecords, BufferedBytes atomic.Int64
	// DeadLetters are records that went to the dead-letter topic.
	DeadLetters atomic.Uint64
	// Watermark is nil if the source has none.
	Watermark *WatermarkFigures
}

// WatermarkFigures are the figures of the watermark of one topic partition.
type WatermarkFigures struct {
	// Time is in milliseconds since the Unix epoch, -1 before the first record.
	Time atomic.Int64
	// Idle says that the task does not wait for the partition, HoldsBack that
	// its stream time would be higher without it.
	Idle, HoldsBack atomic.Bool
	// Disordered are records that should have been later than those before.
	Disordered atomic.Uint64
}

// Drop counts the records that a node dropped for a reason.
type Drop struct {
	Node, Reason string
	Records      atomic.Uint64
}

// Drops are the drop counters of all nodes. The list may grow when nodes are
// made anew.
func (p *Published) Drops() []*Drop { return *p.drops.Load() }

// Published returns the task's figures. Any goroutine may read them.
func (t *Task) Published() *Published { return t.pub }

// drop is the counter that a node writes to.
type drop struct {
	node   *graph.Node
	reason string
	n      *uint64
}

// figures are the task's own counters.
type figures struct {
	records      uint64
	punctuations [numClocks]uint64
	errors       [numPolicies][numActions]uint64
	failures     bool // errors has changed since it was published
}

func (f *figures) failed(c processor.Class, a processor.Action) {
	f.errors[c][a]++
	f.failures = true
}

// publish makes all figures readable by others.
func (t *Task) publish() {
	p := t.pub
	p.Records.Store(t.own.records)
	for i := range p.Punctuations {
		p.Punctuations[i].Store(t.own.punctuations[i])
	}
	if t.own.failures {
		t.own.failures = false
		for c := range p.Errors {
			for a := range p.Errors[c] {
				p.Errors[c][a].Store(t.own.errors[c][a])
			}
		}
	}
	p.StreamTime.Store(t.streamTime)
	for i, in := range t.inputs {
		f := p.Inputs[i]
		f.Position.Store(in.next)
		f.Committed.Store(in.committed.next)
		f.Time.Store(in.partitionTime)
		f.BufferedRecords.Store(int64(in.queue.n))
		f.BufferedBytes.Store(in.queue.bytes)
		f.DeadLetters.Store(in.deadLetters)
		if w := in.mark; w != nil {
			f.Watermark.Time.Store(*w.live)
			f.Watermark.Idle.Store(w.idle)
			f.Watermark.HoldsBack.Store(t.marks.holder == w)
			f.Watermark.Disordered.Store(*w.disordered)
		}
	}
	for i, d := range p.Drops() {
		d.Records.Store(*t.drops[i].n)
	}
	t.publishSizes()
}

func (t *Task) publishSizes() {
	var clean, dirty, frozen int64
	for i := range t.stores {
		c, d, f := t.stores[i].view.Bytes()
		clean, dirty, frozen = clean+c, dirty+d, frozen+f
	}
	p := t.pub
	p.OutboxBytes.Store(t.outbox.Memory())
	p.CleanBytes.Store(clean)
	p.DirtyBytes.Store(dirty)
	p.FrozenBytes.Store(frozen)
}

// publishDrops makes a list of the counters that exist after nodes were made.
func (t *Task) publishDrops() {
	var old []*Drop
	if p := t.pub.drops.Load(); p != nil {
		old = *p
	}
	drops := make([]*Drop, len(t.drops))
	copy(drops, old)
	for i := len(old); i < len(drops); i++ {
		drops[i] = &Drop{Node: t.drops[i].node.Name, Reason: t.drops[i].reason}
	}
	t.pub.drops.Store(&drops)
}
