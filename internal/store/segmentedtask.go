package store

import (
	"math"

	"github.com/millrace-io/millrace/state"
)

// Mark begins a record.
func (s *segmented[K, V]) Mark() {
	s.rows.Mark()
	if s.ends != nil {
		s.ends.Mark()
	}
	s.marked = s.streamTime
}

// Undo takes back what was written since Mark, or since Freeze if that came
// later, and begins a record.
func (s *segmented[K, V]) Undo() {
	s.rows.Undo()
	if s.ends != nil {
		s.ends.Undo()
	}
	s.streamTime = s.marked
}

// Freeze appends the dirty rows to b, as KeyValue.Freeze does, those of the
// index, the stream time, and the deletion of segments that have expired. A
// batch that is not empty has a row that is logged.
func (s *segmented[K, V]) Freeze(seq uint64, b *state.Batch) error {
	before := b.Len()
	if err := s.rows.Freeze(seq, b); err != nil {
		return err
	}
	if s.ends != nil {
		if err := s.ends.Freeze(seq, b); err != nil {
			return err
		}
	}
	if b.Len() > before {
		s.freeze(b)
		s.sweep(b)
	}
	s.marked = s.streamTime
	return nil
}

// sweep appends the deletion of segments that have expired since the last one.
func (s *segmented[K, V]) sweep(b *state.Batch) {
	oldest := s.oldest()
	if oldest == math.MinInt64 {
		return
	}
	if segment := s.layout.Segment(oldest); !s.clean || segment > s.swept {
		s.layout.Expire(b, oldest)
		s.swept, s.clean = segment, true
	}
}

// Prune drops from batches what later ones write again; see KeyValue.Prune. Rows
// and index are frozen together: their flights are the same.
func (s *segmented[K, V]) Prune(seqs []uint64, batches []*state.Batch) {
	if s.ends == nil {
		s.rows.Prune(seqs, batches)
		return
	}
	s.rows.prune(seqs, batches, s.ends)
}

// Applied says that the batches up to seq are in the base.
func (s *segmented[K, V]) Applied(seq uint64) {
	s.rows.Applied(seq)
	if s.ends != nil {
		s.ends.Applied(seq)
	}
}

// Discard forgets everything that is not in the base, and what is known of it.
func (s *segmented[K, V]) Discard() {
	s.rows.Discard()
	if s.ends != nil {
		s.ends.Discard()
	}
	s.forget()
	s.clean = false
}

// Bytes is the rough size of the entries by kind.
func (s *segmented[K, V]) Bytes() (cleanBytes, dirtyBytes, frozenBytes int64) {
	cleanBytes, dirtyBytes, frozenBytes = s.rows.Bytes()
	if s.ends != nil {
		c, d, f := s.ends.Bytes()
		cleanBytes, dirtyBytes, frozenBytes = cleanBytes+c, dirtyBytes+d, frozenBytes+f
	}
	return cleanBytes, dirtyBytes, frozenBytes
}

// Evict drops clean entries until at most limit bytes of them are left, those
// of the index first: they are of little use.
func (s *segmented[K, V]) Evict(limit int64) {
	if s.ends != nil {
		clean, _, _ := s.rows.Bytes()
		s.ends.Evict(max(0, limit-clean))
	}
	s.rows.Evict(limit)
}
