package task

import (
	"fmt"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/state"
)

// Settled says that c has committed. Commits do so in the order in which they
// were frozen. What they wrote stays with the task until it is applied: see
// Prune.
//
//	          Commit          Settled          Prune         Applied
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
	t.release(c)
	c.Out.Reset()
	t.outboxes, c.Out = append(t.outboxes, c.Out), nil
	t.unapplied = append(t.unapplied, c)
	t.publish()
}

// release notes how much c has written, and gives back the memory of what stores
// can write again.
func (t *Task) release(c *Commit) {
	c.bytes = 0
	for _, s := range c.Stores {
		c.bytes += s.Batch.Memory()
	}
	for i := range t.stores {
		s, b := &t.stores[i], &c.batches[i]
		if s.lingers == nil || b.Len() == 0 {
			continue
		}
		var rest state.Batch
		s.lingers.Release(c.Seq, b, &rest)
		b.Reset()
		s.spare, c.batches[i] = append(s.spare, *b), rest
	}
}

// UnappliedBytes is roughly how much has been written that has committed and is
// not applied.
func (t *Task) UnappliedBytes() (sum int64) {
	for _, c := range t.unapplied {
		sum += c.bytes
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
		l := t.stores[i].lingers
		if l == nil {
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

// Prune returns what the n oldest transactions have written that have committed
// and are not applied: a batch for each store that they wrote to, in order. Of a
// key that several of them wrote it has the last value only: stores on disk are
// spared the others. A store that has taken some of its batches and not the rest
// lacks what it was spared, and finds it behind the position of those that it has.
// The batches are the caller's until Applied, of which each Prune needs one. An
// error is one of a serde, and the last that the task is asked for.
func (t *Task) Prune(n int) ([]StoreBatch, error) {
	if t.applying > 0 {
		panic(fmt.Sprintf("task %s: what was pruned last was not applied", t.id))
	}
	t.applying, t.pruned = n, t.pruned[:0]
	for i := range t.stores {
		s := &t.stores[i]
		if s.lingers == nil {
			t.prune(i, n)
		} else if err := guarded(func() error { return t.encode(i, n) }); err != nil { // calls serdes
			return nil, t.spoil(s.spec, err)
		}
	}
	for _, c := range t.unapplied[:n] {
		t.pruned = append(t.pruned, c.Stores...)
	}
	return t.pruned, nil
}

// prune drops from the batches of a store what later ones of the n oldest write
// again.
func (t *Task) prune(i, n int) {
	if p, ok := t.stores[i].view.(graph.Pruner); ok && n > 1 {
		p.Prune(t.gather(i, n))
	}
}

// encode adds to what Release has left of the batches of a store what lingered.
func (t *Task) encode(i, n int) error {
	if n == 0 {
		return nil
	}
	return t.stores[i].lingers.Encode(t.gather(i, n))
}

// gather lists the batches of a store that the n oldest have, valid until the next
// time.
func (t *Task) gather(i, n int) (seqs []uint64, batches []*state.Batch) {
	t.seqs, t.batches = t.seqs[:0], t.batches[:0]
	for _, c := range t.unapplied[:n] {
		t.seqs, t.batches = append(t.seqs, c.Seq), append(t.batches, &c.batches[i])
	}
	return t.seqs, t.batches
}

// Compact drops what has committed and was written again since, before anyone asks
// for it by Prune, and gives back the memory that it took.
func (t *Task) Compact() {
	if t.applying > 0 {
		panic(fmt.Sprintf("task %s: what was pruned last was not applied", t.id))
	}
	for i := range t.stores {
		s := &t.stores[i]
		if s.lingers != nil {
			continue
		}
		for _, c := range t.unapplied {
			c.bytes -= c.batches[i].Memory()
		}
		t.prune(i, len(t.unapplied))
		for _, c := range t.unapplied {
			b := &c.batches[i]
			if small, ok := b.Clip(); ok {
				b.Reset()
				s.spare, *b = append(s.spare, *b), small
			}
			c.bytes += b.Memory()
		}
	}
}

// Applied says that the batches of the last Prune are in the base stores.
func (t *Task) Applied() {
	if t.applying == 0 {
		return
	}
	for i := range t.stores {
		t.stores[i].view.Applied(t.unapplied[t.applying-1].Seq)
	}
	for _, c := range t.unapplied[:t.applying] {
		t.recycle(c)
	}
	left := copy(t.unapplied, t.unapplied[t.applying:])
	clear(t.unapplied[left:])
	t.unapplied, t.applying = t.unapplied[:left], 0
	t.evict()
	t.publish()
}

// Apply is Prune of all that has committed, the writes to the base stores, and
// Applied, for owners that can wait for the stores. at says how far each of them is
// then current: the zero Position if at is nil. An error is the last that the task
// is asked for, as one of Prune.
func (t *Task) Apply(at func(*graph.StoreSpec) state.Position) error {
	pruned, err := t.Prune(len(t.unapplied))
	if err != nil {
		return err
	}
	for _, s := range pruned {
		var p state.Position
		if at != nil {
			p = at(s.Spec)
		}
		if err := s.Base.Apply(s.Batch, p); err != nil {
			return err
		}
	}
	t.Applied()
	return nil
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
	for i := range t.stores {
		s := &t.stores[i]
		if n := len(s.spare); n > 0 {
			c.batches[i], s.spare = s.spare[n-1], s.spare[:n-1]
		}
	}
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
