package store

// recordChange is what the current record did to another one that is held.
type recordChange[V any] struct {
	kind   recordDeed
	e      *recordEntry[V]
	timeMs int64
	seq    int32
}

// recordDeed is a kind of change.
type recordDeed uint8

const (
	added  recordDeed = iota
	erased            // what the base or a batch in flight has
	buried            // what was fresh: it is in graves
)

// Mark begins a record.
func (s *Records[K, V]) Mark() {
	s.marked = s.needed
	if cap(s.journal) > maxJournal {
		s.journal, s.graves = nil, nil
		return
	}
	clear(s.graves)
	s.journal, s.graves = s.journal[:0], s.graves[:0]
}

// Undo takes back what was written since Mark, or since Freeze if that came
// later, and begins a record.
func (s *Records[K, V]) Undo() {
	for i := len(s.journal) - 1; i >= 0; i-- {
		c := &s.journal[i]
		s.version++
		switch c.kind {
		case added:
			r := c.e.rows.find(c.timeMs, c.seq)
			s.dirtied -= int64(r.size)
			s.count(c.e, -int64(r.size))
			c.e.rows.remove(c.timeMs, c.seq)
			s.shorten()
		case erased:
			r := c.e.rows.find(c.timeMs, c.seq)
			s.dirtied -= int64(r.size)
			r.state = stored
			s.shorten()
		case buried:
			r := s.graves[len(s.graves)-1]
			s.graves = s.graves[:len(s.graves)-1]
			s.dirty[r.at].kind = toPut
			s.dirtied += int64(r.size)
			s.count(c.e, int64(r.size))
			c.e.rows.insert(c.e.rows.seek(r.timeMs, r.seq), r)
		}
	}
	s.needed = s.marked
	s.Mark()
}

// shorten takes the last one off the dirty list: Undo goes through it backwards.
func (s *Records[K, V]) shorten() {
	n := len(s.dirty) - 1
	s.unpin(s.dirty[n].e)
	s.dirty[n] = recordRef[V]{}
	s.dirty = s.dirty[:n]
}
