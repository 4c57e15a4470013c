package store

import "github.com/millrace-io/millrace/state"

// Mark begins a record.
func (s *Window[K, V]) Mark() {
	s.rows.Mark()
	s.marked = s.streamTime
}

// Undo takes back what was written since Mark, or since Freeze if that came
// later, and begins a record.
func (s *Window[K, V]) Undo() {
	s.rows.Undo()
	s.streamTime = s.marked
}

// Freeze appends the dirty rows to b, as KeyValue.Freeze does, the stream time,
// and the deletion of what has expired. A batch that is not empty has a row that
// is logged.
func (s *Window[K, V]) Freeze(seq uint64, b *state.Batch) error {
	before := b.Len()
	if err := s.rows.Freeze(seq, b); err != nil {
		return err
	}
	if b.Len() > before {
		s.freeze(b)
		s.sweep(b)
	}
	s.marked = s.streamTime
	return nil
}

// Applied says that the batches up to seq are in the base.
func (s *Window[K, V]) Applied(seq uint64) {
	s.rows.Applied(seq)
	s.shed()
}

// Discard forgets everything that is not in the base, and what is known of it.
func (s *Window[K, V]) Discard() {
	s.rows.Discard()
	s.forget()
	s.swept, s.closed = none, none
	s.shelf.clear()
}
