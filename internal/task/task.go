package task

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// Task is one subtopology over one partition. Its methods are called by one
// goroutine at a time, unless they say otherwise.
type Task struct {
	cfg    Config
	id     processor.TaskID
	inputs []*input
	topics map[string]*input
	stores []store
	outbox graph.Outbox

	// What a failed record takes back, beside stores and outbox.
	counters cells[uint64]
	times    cells[int64]
	drops    []*drop
	opTimes  []*operatorTime
	closed   []NamedTime // as restored; see closeTimes

	now        int64 // the time given to the running call
	streamTime int64
	marks      *watermarks // what moves it, nil for the records themselves
	meta       graph.Meta  // of the record in hand; stores read its time

	// The incarnation: what wire makes and unwire throws away.
	wired     bool
	instances []instance
	outs      []any // of the node that is being made
	hooks     hooks
	calls     *calls       // nil if no node makes any
	clocks    [3]schedules // by processor.Clock, and atEnd
	accepted  int64        // records processed since wire
	ctx       context.Context
	cancel    atomic.Pointer[context.CancelFunc]

	// What is being done, for contexts and errors.
	at   place
	mark mark

	parked int64 // no work before this time
	left   int   // records that Process may still take
	taken  int   // records that Process has taken
	ask    bool  // a node has asked for a commit
	yield  bool  // and Process has not returned since

	flushed bool // nodes have nothing to flush: see Drain

	records   int             // processed since the last freeze
	frozen    []*Commit       // not yet committed, oldest first
	unapplied []*Commit       // committed and not yet applied, oldest first
	applying  int             // how many of unapplied are being applied,
	pruned    []StoreBatch    // which are these batches
	free      []*Commit       // memory for the next ones,
	outboxes  []*graph.Outbox // of which this part is free earlier
	seqs      []uint64        // scratch
	batches   []*state.Batch  // scratch

	own     figures
	pub     *Published
	dead    error // why the task is of no more use
	spoiled error // why it is of no use until Discard
}

// New makes a task, its nodes and their Processors, and starts them.
func New(cfg Config) (*Task, error) {
	cfg = cfg.withDefaults()
	t := &Task{
		cfg:        cfg,
		now:        cfg.NowMs,
		id:         processor.TaskID{Subtopology: cfg.Sub.ID, Partition: cfg.Partition},
		topics:     map[string]*input{},
		streamTime: -1,
		parked:     math.MinInt64,
	}
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("task %s: %w", t.id, err)
	}
	for _, spec := range cfg.Sub.Stores {
		s := store{spec: spec, base: cfg.Stores[spec.Name]}
		s.view = spec.New(s.base)
		s.lingers, _ = s.view.(graph.Lingerer)
		if c, ok := s.view.(graph.Clocked); ok {
			c.Clock(&t.meta.Time)
		}
		if e, ok := s.view.(graph.Expiring); ok {
			e.StreamTime(&t.streamTime)
		}
		t.stores = append(t.stores, s)
	}
	t.pub = &Published{}
	for _, n := range cfg.Sub.Sources {
		for _, topic := range cfg.Topics[n] {
			t.addInput(n, topic)
		}
	}
	t.restoreClosed()
	t.addWatermarks()
	t.rewind()
	err := t.wire()
	if err == nil {
		err = t.checkMetadata()
	}
	if err != nil {
		return nil, errors.Join(err, t.unwire())
	}
	t.publish()
	return t, nil
}

func (t *Task) addInput(n *graph.Node, topic string) {
	in := &input{topic: topic, node: n, rate: newBucket(n.Source.MaxRate), lag: -1}
	in.committed = progress{next: -1, partitionTime: -1}
	if next, ok := t.cfg.Positions[topic]; ok {
		in.committed.next = next
	}
	if m, ok := t.cfg.Restored[topic]; ok {
		in.committed.partitionTime = m.PartitionTime
	}
	in.skipped = t.Counter(n, "skipped")
	in.negative = t.Counter(n, "negative_time")
	t.inputs = append(t.inputs, in)
	t.topics[topic] = in
	t.pub.Inputs = append(t.pub.Inputs, &InputFigures{Topic: topic})
}

// ID returns the task's id.
func (t *Task) ID() processor.TaskID { return t.id }

// Topic is the full name of a sink's topic.
func (t *Task) Topic(s *graph.Sink) string { return s.TopicName(t.cfg.App) }

// Store is the view of a store, nil if the subtopology has none of the name.
func (t *Task) Store(name string) graph.TaskStore {
	for i := range t.stores {
		if t.stores[i].spec.Name == name {
			return t.stores[i].view
		}
	}
	return nil
}

// Global is the content of a global table, nil if no node of the subtopology
// reads it.
func (t *Task) Global(name string) state.Store { return t.cfg.Globals[name] }

// Operations counts what the nodes have asked of a store.
func (t *Task) Operations(store string) state.Operations {
	if c, ok := t.Store(store).(graph.Counted); ok {
		return c.Operations()
	}
	return state.Operations{}
}

// Outbox takes what sinks write. It stays the same over commits.
func (t *Task) Outbox() *graph.Outbox { return &t.outbox }

// RecordTime implements graph.Task.
func (t *Task) RecordTime() *int64 { return &t.meta.Time }

// Partitions is the number of partitions of a topic.
func (t *Task) Partitions(topic string) (int, error) {
	if t.cfg.Partitions == nil {
		return 1, nil
	}
	return t.cfg.Partitions(topic)
}

// Counter is a counter of records that node drops for a reason.
func (t *Task) Counter(node *graph.Node, reason string) *uint64 {
	for _, d := range t.drops {
		if d.node == node && d.reason == reason {
			return d.n
		}
	}
	d := &drop{node: node, reason: reason, n: t.counters.add(0)}
	t.drops = append(t.drops, d)
	return d.n
}

// StreamTime points at the highest event time of accepted records, or at what
// the watermarks of the sources allow; -1 before the first. It is that of the record already while a record is processed, and
// taken back if it fails.
func (t *Task) StreamTime() *int64 { return &t.streamTime }

// AtEnd implements graph.Task.
func (t *Task) AtEnd() bool {
	for _, in := range t.inputs {
		if in.queue.n > 0 || in.lag != 0 {
			return false
		}
	}
	return t.calls == nil || t.calls.open == 0
}

// Add appends fetched records to the queue of a topic. Records below Position
// are ignored. The task keeps the records until they are processed.
func (t *Task) Add(topic string, records []graph.Input) { t.input(topic).add(records) }

// SetLag says how many records of a topic are at the broker behind the last
// one that was added; -1 is unknown, as after New and Seek. Set it after Add.
// While one input is empty and its lag is not 0, records of the others wait, so
// that they are taken in the order of time.
func (t *Task) SetLag(topic string, lag int64) { t.input(topic).lag = lag }

// Seek drops what is queued of a topic and goes on at offset next, which
// becomes part of the next commit.
func (t *Task) Seek(topic string, next int64) { t.input(topic).seek(next) }

// Position is the offset after the last record added: where to fetch from. It
// is -1 if nothing is known.
func (t *Task) Position(topic string) int64 { return t.input(topic).end }

// Committed is the offset of a topic as of the last applied commit, -1 if
// nothing is known.
func (t *Task) Committed(topic string) int64 { return t.input(topic).committed.next }

// Buffered is what waits in the queue of a topic.
func (t *Task) Buffered(topic string) (records int, bytes int64) {
	in := t.input(topic)
	return in.queue.n, in.queue.bytes
}

// BufferedTotal is what waits in all queues.
func (t *Task) BufferedTotal() (records int, bytes int64) {
	for _, in := range t.inputs {
		records += in.queue.n
		bytes += in.queue.bytes
	}
	return records, bytes
}

func (t *Task) input(topic string) *input {
	in := t.topics[topic]
	if in == nil {
		panic(fmt.Sprintf("task %s does not read topic %s", t.id, topic))
	}
	return in
}

// Cancel cancels the context of the work in hand. Any goroutine may call it;
// Process then returns at the next record, and what follows must be Discard or
// Close.
func (t *Task) Cancel() { (*t.cancel.Load())() }

// Close closes the nodes. Stores stay open, frozen commits are forgotten.
func (t *Task) Close() error {
	t.dead = fmt.Errorf("task %s is closed", t.id)
	return t.unwire()
}
