package store

import "github.com/millrace-io/millrace/state"

// Mark begins a record.
func (s *Records[K, V]) Mark() { s.rows.Mark(); s.marked = s.needed }

// Undo takes back what was written since Mark, or since Freeze if that came
// later, and begins a record.
func (s *Records[K, V]) Undo() { s.rows.Undo(); s.needed = s.marked }

// Freeze appends the dirty rows to b.
func (s *Records[K, V]) Freeze(seq uint64, b *state.Batch) error {
	before := b.Len()
	if err := s.rows.Freeze(seq, b); err != nil {
		return err
	}
	if b.Len() > before && s.known {
		state.Records.SetStreamTime(b, s.needed)
		s.layout.Expire(b, s.needed)
	}
	s.marked = s.needed
	return nil
}

// Merge appends to b what several batches add up to; see KeyValue.Merge.
func (s *Records[K, V]) Merge(seqs []uint64, batches []*state.Batch, b *state.Batch) {
	s.rows.Merge(seqs, batches, b)
}

// Applied says that the batches up to seq are in the base.
func (s *Records[K, V]) Applied(seq uint64) { s.rows.Applied(seq) }

// Discard forgets everything that is not in the base, and what is known of it.
func (s *Records[K, V]) Discard() { s.rows.Discard(); s.known = false }

// Bytes is the rough size of the entries by kind.
func (s *Records[K, V]) Bytes() (cleanBytes, dirtyBytes, frozenBytes int64) { return s.rows.Bytes() }

// Evict drops clean entries until at most limit bytes of them are left.
func (s *Records[K, V]) Evict(limit int64) { s.rows.Evict(limit) }
