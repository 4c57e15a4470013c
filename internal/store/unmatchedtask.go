package store

import "github.com/millrace-io/millrace/state"

// Mark begins a record.
func (s *Unmatched[K]) Mark() {
	s.rows.Mark()
	s.marked = s.first
}

// Undo takes back what was written since Mark, or since Freeze if that came
// later, and begins a record.
func (s *Unmatched[K]) Undo() {
	s.rows.Undo()
	s.first = s.marked
}

// Freeze appends the dirty rows to b, as KeyValue.Freeze does.
func (s *Unmatched[K]) Freeze(seq uint64, b *state.Batch) error {
	if err := s.rows.Freeze(seq, b); err != nil {
		return err
	}
	s.marked = s.first
	return nil
}

// Merge appends to b what several batches add up to; see KeyValue.Merge.
func (s *Unmatched[K]) Merge(seqs []uint64, batches []*state.Batch, b *state.Batch) {
	s.rows.Merge(seqs, batches, b)
}

// Applied says that the batches up to seq are in the base.
func (s *Unmatched[K]) Applied(seq uint64) { s.rows.Applied(seq) }

// Discard forgets everything that is not in the base, and what is known of it.
func (s *Unmatched[K]) Discard() {
	s.rows.Discard()
	s.known = false
	s.first, s.marked = nowhere, nowhere
}

// Bytes is the rough size of the marks by kind.
func (s *Unmatched[K]) Bytes() (cleanBytes, dirtyBytes, frozenBytes int64) { return s.rows.Bytes() }

// Evict drops clean marks until at most limit bytes of them are left.
func (s *Unmatched[K]) Evict(limit int64) { s.rows.Evict(limit) }
