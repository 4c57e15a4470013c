package task

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/state"
)

// Settled says that c has committed. Commits do so in the order in which they
// were frozen. What they wrote stays with the task until it is applied: see
// Merge.
//
//	          Commit          Settled          Merge         Applied
//	entries --------> frozen --------> unapplied -----> ... ----------> in the base stores
func (t *Task) Settled(c *Commit) {
	if len(t.frozen) == 0 || t.frozen[0] != c {
		panic(fmt.Sprintf("task %s: commit %d is not the oldest one that is frozen", t.id, c.Seq))
	}
	for _, s := range t.hooks.settlers {
		s.Applied(c.Seq)
	}
	for i, in := range t.inputs {
		in.committed = c.progress[i]
	}
	for i, ms := range c.times {
		t.opTimes[i].committed = ms
	}
	t.frozen = append(t.frozen[:0], t.frozen[1:]...)
	c.Out.Reset()
	t.outboxes, c.Out = append(t.outboxes, c.Out), nil
	t.unapplied = append(t.unapplied, c)
	t.publish()
}

// UnappliedBytes is roughly the memory of what has committed and is not
// applied.
func (t *Task) UnappliedBytes() (sum int64) {
	for _, c := range t.unapplied {
		for i := range c.Stores {
			sum += c.Stores[i].Batch.Memory()
		}
	}
	return sum
}

// UnappliedSince is when the oldest transaction has committed that is not
// applied; zero if there is none.
func (t *Task) UnappliedSince() (since time.Time) {
	if len(t.unapplied) > 0 {
		since = t.unapplied[0].Since
	}
	return since
}

// Ripe is how many of the oldest transactions that are not applied have written
// nothing that soon will not be needed any more: see graph.Lingerer.
func (t *Task) Ripe() int {
	n := len(t.unapplied)
	if n == 0 {
		return 0
	}
	committed := t.unapplied[n-1].Seq
	for i := range t.stores {
		l, ok := t.stores[i].view.(graph.Lingerer)
		if !ok {
			continue
		}
		if first, ok := l.Lingers(committed); ok {
			for n > 0 && t.unapplied[n-1].Seq >= first {
				n--
			}
		}
	}
	return n
}

// Unapplied is how many transactions have committed and are not applied.
func (t *Task) Unapplied() int { return len(t.unapplied) }

// Merge returns what the n oldest transactions have written that have committed
// and are not applied, as one batch for each store. Of a key that several of them
// wrote it has the last value only: stores on disk are spared the others. The
// batches are the caller's until Applied, of which each Merge needs one.
func (t *Task) Merge(n int) []StoreBatch {
	if t.merged > 0 {
		panic(fmt.Sprintf("task %s: the last merge was not applied", t.id))
	}
	t.merged = n
	for i := range t.stores {
		t.stores[i].end = 0
	}
	for _, c := range t.unapplied[:n] {
		for i := range c.Stores {
			if b := &c.Stores[i]; b.End > 0 {
				t.stores[b.store].end = b.End
			}
		}
	}
	t.merges = t.merges[:0]
	for i := range t.stores {
		if b := t.merge(i); b != nil {
			s := &t.stores[i]
			t.merges = append(t.merges, StoreBatch{Spec: s.spec, Base: s.base, Batch: b, End: s.end})
		}
	}
	return t.merges
}

// merge is Merge for one store; it returns nil if there is nothing to write.
func (t *Task) merge(i int) *state.Batch {
	s := &t.stores[i]
	t.seqs, t.batches = t.seqs[:0], t.batches[:0]
	for _, c := range t.unapplied[:t.merged] {
		if b := &c.batches[i]; b.Len() > 0 {
			t.seqs, t.batches = append(t.seqs, c.Seq), append(t.batches, b)
		}
	}
	m, merges := s.view.(graph.Merger)
	_, lingers := s.view.(graph.Lingerer) // and may leave out what has expired
	switch {
	case len(t.batches) == 0:
		return nil
	case len(t.batches) == 1 && !lingers:
		return t.batches[0]
	}
	s.merged.Reset()
	if merges {
		m.Merge(t.seqs, t.batches, &s.merged)
		return &s.merged
	}
	for _, b := range t.batches {
		for j := range b.Len() {
			s.merged.Copy(b, j)
		}
	}
	return &s.merged
}

// Applied says that the batches of the last Merge are in the base stores.
func (t *Task) Applied() {
	if t.merged == 0 {
		return
	}
	for i := range t.stores {
		t.stores[i].view.Applied(t.unapplied[t.merged-1].Seq)
	}
	for _, c := range t.unapplied[:t.merged] {
		t.recycle(c)
	}
	left := copy(t.unapplied, t.unapplied[t.merged:])
	clear(t.unapplied[left:])
	t.unapplied, t.merged = t.unapplied[:left], 0
	t.evict()
	t.publish()
}

func (t *Task) newCommit(seq uint64) *Commit {
	var c *Commit
	if n := len(t.free); n > 0 {
		c, t.free = t.free[n-1], t.free[:n-1]
	} else {
		c = &Commit{Task: t.id, batches: make([]state.Batch, len(t.stores))}
	}
	if n := len(t.outboxes); n > 0 {
		c.Out, t.outboxes = t.outboxes[n-1], t.outboxes[:n-1]
	} else {
		c.Out = new(graph.Outbox)
	}
	c.Seq = seq
	return c
}

// recycle empties c for the next freeze. A discarded commit is not used again:
// a client may still hold its records.
func (t *Task) recycle(c *Commit) {
	if c.Out != nil {
		c.Out.Reset()
		t.outboxes, c.Out = append(t.outboxes, c.Out), nil
	}
	for i := range c.batches {
		c.batches[i].Reset()
	}
	clear(c.Stores)
	clear(c.Offsets)
	c.Stores, c.Offsets, c.progress, c.times = c.Stores[:0], c.Offsets[:0], c.progress[:0], c.times[:0]
	t.free = append(t.free, c)
}
