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
	s.flights = append(s.flights, flown{seq, s.frozen})
	return nil
}

// Applied says that the batches up to seq are in the base.
func (s *Window[K, V]) Applied(seq uint64) {
	s.rows.Applied(seq)
	n := 0
	for ; n < len(s.flights) && s.flights[n].seq <= seq; n++ {
		s.applied = max(s.applied, s.flights[n].streamTime)
	}
	s.flights = append(s.flights[:0], s.flights[n:]...)
	s.shed()
}

// Closed says that windows that begin before startMs take no more records. Their
// entries go; who reads them gets what the base has.
func (s *Window[K, V]) Closed(startMs int64) { s.closed = max(s.closed, startMs) }

// shed drops the entries of windows that are closed or have expired: they would
// only take the place of others until they are evicted.
func (s *Window[K, V]) shed() {
	before := s.closed
	if s.known {
		before = max(before, s.oldest())
	}
	if before != none {
		s.key = state.WindowRow{StartMs: before}.AppendKey(s.key[:0])
		s.rows.shed(s.key)
	}
}

// Discard forgets everything that is not in the base, and what is known of it.
func (s *Window[K, V]) Discard() {
	s.rows.Discard()
	s.forget()
	s.flights, s.swept, s.closed = nil, none, none
}
