package task

import (
	"fmt"
	"math"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// Commit is what a task has done between two freezes: one task's part of a
// transaction. The task has no hand on it until Settled, after which it is
// used again.
type Commit struct {
	// Seq is the number given to Task.Commit, also the transaction number in
	// the metadata of Offsets.
	Seq  uint64
	Task processor.TaskID
	// Records is how many input records were processed.
	Records int
	// Out are the output records.
	Out *graph.Outbox
	// Stores are the stores that were written.
	Stores []StoreBatch
	// Offsets are the positions that moved, or all known ones if none did.
	Offsets []Offset

	// Since is when it has committed, for those who apply it: the task has no clock.
	Since time.Time

	batches  []state.Batch // by store of the task
	bytes    int64         // what they had when it committed
	progress []progress    // by input
	times    []int64       // by operator
}

// StoreBatch is what was written to one store.
type StoreBatch struct {
	Spec  *graph.StoreSpec
	Base  state.Store
	Batch *state.Batch
	// End is where the store's changelog ended with the batch, 0 if nothing of it
	// was logged: whoever produces it says so.
	End int64
}

// Offset is one offset to commit.
type Offset struct {
	Topic     string
	Partition int32
	Next      int64
	Metadata  string
}

// NeedsCommit reports whether Commit would return something.
func (t *Task) NeedsCommit() bool {
	return t.outbox.Len() > 0 || t.moved() || t.timesMoved() || t.dirtyBytes() > 0 || t.hooks.unsettled() || t.held() > 0
}

// CommitRequested reports whether a node has asked for a commit since the last
// one.
func (t *Task) CommitRequested() bool { return t.ask }

// UncommittedBytes is the memory of outputs and store entries that are in no
// frozen commit, and of the rows that the entries will be in it.
func (t *Task) UncommittedBytes() int64 { return t.outbox.Memory() + 2*t.dirtyBytes() }

// dirtyBytes is what entries of stores hold that are in no frozen commit.
func (t *Task) dirtyBytes() (sum int64) {
	for i := range t.stores {
		_, dirty, _ := t.stores[i].view.Bytes()
		sum += dirty
	}
	return sum
}

// moved reports whether a position has moved since the last freeze.
func (t *Task) moved() bool {
	for _, in := range t.inputs {
		if in.low().next != in.frozen {
			return true
		}
	}
	return false
}

// Commit freezes what was done since the last call: outputs, store writes and
// positions. The task may go on at once. It returns nil if nothing has moved.
// Each seq must be larger than the one before. No calls may be open that the
// commit has to wait for: see Drain. After an error, a value that
// its serde refuses or a node that fails to flush, the only ways on are Discard
// and Close.
func (t *Task) Commit(seq uint64, nowMs int64) (*Commit, error) {
	if t.dead != nil {
		return nil, t.dead
	}
	if t.spoiled != nil {
		return nil, t.spoiled
	}
	t.now = nowMs
	t.ask, t.yield = false, false
	if err := t.settleCalls(); err != nil {
		return nil, err
	}
	c := t.newCommit(seq)
	for i := range t.stores {
		s := &t.stores[i]
		err := guarded(func() error { return s.view.Freeze(seq, &c.batches[i]) }) // calls serdes
		if err != nil {
			return nil, t.spoil(s.spec, err)
		}
		if c.batches[i].Len() > 0 {
			if err := t.checkBatch(s.spec, &c.batches[i]); err != nil {
				return nil, t.spoil(s.spec, err)
			}
			c.Stores = append(c.Stores, StoreBatch{Spec: s.spec, Base: s.base, Batch: &c.batches[i]})
		}
	}
	moved := t.moved()
	if len(c.Stores) == 0 && t.outbox.Len() == 0 && !moved && !t.timesMoved() && !t.hooks.unsettled() {
		t.recycle(c)
		return nil, nil
	}
	*c.Out, t.outbox = t.outbox, *c.Out
	t.freezeTimes(c)
	t.freezePositions(c, !moved)
	c.Records, t.records = t.records, 0
	t.frozen = append(t.frozen, c)
	for _, s := range t.hooks.settlers {
		s.Frozen(seq)
	}
	t.publish()
	return c, nil
}

func (t *Task) freezePositions(c *Commit, all bool) {
	m := Metadata{Closed: t.closeTimes(), Transaction: int64(c.Seq), Times: t.operatorTimes(nil)}
	for _, in := range t.inputs {
		low := in.low()
		c.progress = append(c.progress, low)
		if low.next >= 0 && (all || low.next != in.frozen) {
			m.PartitionTime = low.partitionTime
			if in.mark != nil {
				m.Times = t.operatorTimes(in)
			}
			c.Offsets = append(c.Offsets, Offset{in.topic, t.id.Partition, low.next, EncodeMetadata(m)})
		}
		in.frozen = low.next
	}
}

// settleCalls lets nodes flush, and refuses to go on while calls are open that
// belong to the commit.
func (t *Task) settleCalls() error {
	if t.calls == nil {
		return t.flush()
	}
	if !t.flushed {
		if err := t.drain(); err != nil {
			return err
		}
	}
	t.flushed = false
	if t.held() > 0 {
		return fmt.Errorf("task %s: a commit was tried while calls were open (%s): call Drain before", t.id, t.Unfinished())
	}
	return nil
}

// spoil notes that a freeze broke off half-way.
func (t *Task) spoil(s *graph.StoreSpec, err error) error {
	t.at = place{class: processor.Commit}
	t.spoiled = t.describe(fmt.Errorf("store %s: %w", s.Name, err))
	return t.spoiled
}

// checkBatch refuses changelog records that no broker takes.
func (t *Task) checkBatch(s *graph.StoreSpec, b *state.Batch) error {
	if t.cfg.MaxRecordBytes <= 0 || !s.Logged || b.Bytes() <= t.cfg.MaxRecordBytes {
		return nil
	}
	for i := range b.Len() {
		w := b.At(i)
		if n := len(w.Key) + len(w.Value); n > t.cfg.MaxRecordBytes {
			return fmt.Errorf("an entry has %d bytes, more than the limit of %d for its changelog", n, t.cfg.MaxRecordBytes)
		}
	}
	return nil
}

// Discard drops everything since the last one that has committed: queues,
// outputs, store entries, and the frozen commits, which are the caller's to
// forget. Positions and times go back, contexts are cancelled, nodes are closed
// and made anew by the next call. What has committed must have been applied, or
// the task is of no more use: its stores are behind.
func (t *Task) Discard() {
	if len(t.unapplied) > 0 && t.dead == nil {
		t.dead = fmt.Errorf("task %s: committed state was not applied; start it again", t.id)
	}
	t.unapplied, t.applying = nil, 0
	for i := range t.stores {
		t.stores[i].view.Discard()
	}
	t.outbox.Reset()
	t.frozen = nil
	t.rewind()
	if err := t.unwire(); err != nil && t.dead == nil {
		t.dead = err
	}
	t.publish()
}

// rewind takes positions and times back to the last commit.
func (t *Task) rewind() {
	t.streamTime = -1
	for _, in := range t.inputs {
		in.rewind()
		t.streamTime = max(t.streamTime, in.partitionTime)
	}
	for _, o := range t.opTimes {
		*o.live, o.frozen = o.committed, o.committed
	}
	if t.marks != nil {
		t.rewindWatermarks()
	}
	t.parked, t.ask, t.yield = math.MinInt64, false, false
	t.records, t.spoiled = 0, nil
}
