package store

// recordChange is what the current record did to another one that is held.
type recordChange struct {
	kind recordDeed
	ref  recordRef
}

// recordDeed is a kind of change.
type recordDeed uint8

const (
	added  recordDeed = iota
	erased            // what the base or a batch in flight has
	laidBy            // what was fresh: it is buried
)

// Mark begins a record.
func (s *recordRows) Mark() {
	s.marked = s.needed
	if cap(s.journal) > maxJournal {
		s.journal = nil
	}
	s.journal = s.journal[:0]
}

// Undo takes back what was written since Mark, or since Freeze if that came
// later, and begins a record.
func (s *recordRows) Undo() {
	for i := len(s.journal) - 1; i >= 0; i-- {
		c := s.journal[i]
		seg := s.table[c.ref.segment]
		r, n := seg.rows.at(c.ref.row), seg.rowBytes(c.ref.row)
		e := seg.entries.at(r.entry)
		s.version++
		switch c.kind {
		case added:
			seg.unlist(e, r)
			s.shorten(seg, r.entry)
			s.dirtied -= n
			s.lose(seg, c.ref.row)
		case erased:
			r.state = stored
			s.shorten(seg, r.entry)
			s.dirtied -= n
		case laidBy:
			r.state = fresh
			s.dirty[r.at].kind = toPut
			s.dirtied += n
			seg.gaps -= n
			seg.list(e, seg.seek(e, r.timeMs, r.seq), c.ref.row)
		}
	}
	s.needed = s.marked
	s.Mark()
}

// shorten takes the last one off the dirty list: Undo goes through it backwards.
func (s *recordRows) shorten(seg *recordSegment, entry uint32) {
	s.dirty = s.dirty[:len(s.dirty)-1]
	seg.refs--
	s.unpin(seg, entry)
}

// lose forgets a record that is in no list any more. What came last leaves no gap.
func (s *recordRows) lose(seg *recordSegment, row uint32) {
	r, n := seg.rows.at(row), seg.rowBytes(row)
	if row+1 == seg.rows.len() && seg.slab.drop(slabPlace{r.chunk, r.off}) {
		seg.rows.drop()
		s.total -= n
		return
	}
	r.state = lost
	seg.gaps += n
}
