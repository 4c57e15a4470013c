package task

import (
	"fmt"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// store is one store of the task: the view that nodes use over the bytes.
type store struct {
	spec    *graph.StoreSpec
	base    state.Store
	view    graph.TaskStore
	lingers graph.Lingerer // view, if it is one of those
	spare   []state.Batch  // memory of batches that were released or compacted
}

// mark is where a record or a punctuation began.
type mark struct {
	outbox                    graph.Mark
	outputs                   int
	streamTime, partitionTime int64
}

// begin notes everything that undo takes back: outputs, store writes, what
// nodes keep beside stores, drop counters, operators' stream times, the task's
// and the partition's time. What
// a Processor keeps in its fields, its schedules and its commit requests are
// its own business.
func (t *Task) begin() {
	t.mark.outbox, t.mark.outputs = t.outbox.Mark(), t.outbox.Len()
	t.mark.streamTime = t.streamTime
	if in := t.at.input; in != nil {
		t.mark.partitionTime = in.partitionTime
	}
	for i := range t.stores {
		t.stores[i].view.Mark()
	}
	for _, j := range t.hooks.journals {
		j.Mark()
	}
	t.counters.save()
	t.times.save()
}

func (t *Task) undo() {
	for i := range t.stores {
		t.stores[i].view.Undo()
	}
	if t.calls != nil {
		t.calls.undo()
	}
	for _, j := range t.hooks.journals {
		j.Undo()
	}
	t.outbox.Rollback(t.mark.outbox)
	t.counters.restore()
	t.times.restore()
	t.streamTime = t.mark.streamTime
	if in := t.at.input; in != nil {
		in.partitionTime = t.mark.partitionTime
	}
}

// accept ends what begin has begun, with what nodes have held back until then,
// unless an output is too large, and starts the calls that it wants made.
func (t *Task) accept() error {
	if err := t.complete(); err != nil {
		return err
	}
	if err := t.checkSizes(); err != nil {
		return err
	}
	if t.calls != nil {
		t.calls.admit()
	}
	return nil
}

// checkSizes refuses output records that no broker takes, while their cause
// can still be told.
func (t *Task) checkSizes() error {
	if err := t.tooLarge(t.mark.outputs); err != nil {
		return &processor.Error{Class: processor.Produce, Err: err}
	}
	return nil
}

// tooLarge returns an error for the first record of the outbox, from the given
// one on, that is larger than allowed.
func (t *Task) tooLarge(from int) error {
	if t.cfg.MaxRecordBytes <= 0 {
		return nil
	}
	for i := from; i < t.outbox.Len(); i++ {
		o := t.outbox.At(i)
		n := t.outbox.Size(i)
		for _, h := range t.outbox.Headers(i) {
			n += len(h.Key) + len(h.Value)
		}
		if n > t.cfg.MaxRecordBytes {
			return fmt.Errorf("a record for topic %s has %d bytes, more than the limit of %d", o.Topic, n, t.cfg.MaxRecordBytes)
		}
	}
	return nil
}

// evict keeps the entries of all stores together within bounds. Clean ones go,
// of each store the same share, a quarter more than needed so that it is not
// done for every batch. Half of the bounds is theirs in any case: a large
// transaction would drive them all out, and the rows of windows, once gone, are
// looked up in the base until these close.
func (t *Task) evict() {
	var clean, held int64
	for i := range t.stores {
		c, d, f := t.stores[i].view.Bytes()
		clean, held = clean+c, held+d+f
	}
	most := t.cfg.EntryBytes
	if clean <= most/2 || clean+held <= most {
		return
	}
	share := float64(max(most/2, most/4*3-held)) / float64(clean)
	for i := range t.stores {
		c, _, _ := t.stores[i].view.Bytes()
		t.stores[i].view.Evict(int64(float64(c) * share))
	}
}
