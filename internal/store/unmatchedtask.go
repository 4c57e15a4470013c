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

// Discard forgets everything that is not in the base, and what is known of it.
func (s *Unmatched[K]) Discard() {
	s.rows.Discard()
	s.known = false
	s.first, s.marked = nowhere, nowhere
}
