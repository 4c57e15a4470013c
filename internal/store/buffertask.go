package store

import (
	"math"

	"github.com/millrace-io/millrace/state"
)

// Mark begins a record.
func (s *Buffer[K, V]) Mark() {
	s.rows.Mark()
	s.marked, s.tallyMarked = s.first, s.tally
}

// Undo takes back what was written since Mark, or since Freeze if that came
// later, and begins a record.
func (s *Buffer[K, V]) Undo() {
	s.rows.Undo()
	s.first, s.tally = s.marked, s.tallyMarked
}

// Freeze appends the dirty rows to b, as KeyValue.Freeze does. It may be that
// the changelog hears of none of them: places change by themselves.
func (s *Buffer[K, V]) Freeze(seq uint64, b *state.Batch) error {
	if err := s.rows.Freeze(seq, b); err != nil {
		return err
	}
	s.marked, s.tallyMarked = s.first, s.tally
	return nil
}

// Discard forgets everything that is not in the base, and what is known of it.
func (s *Buffer[K, V]) Discard() {
	s.rows.Discard()
	s.first, s.marked = math.MinInt64, math.MinInt64
	s.tally, s.tallyMarked = tally{}, tally{}
}
