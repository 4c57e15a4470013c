package store

// before is what an entry was before the current record wrote to it.
type before[V any] struct {
	entry *entry[V]
	was   content[V]
	dirty bool
	made  bool // the record made the entry: nothing was known about the key
}

// maxJournal is how many writes of one record the journal keeps memory for.
const maxJournal = 4096

// Mark begins a record.
func (s *KeyValue[K, V]) Mark() {
	s.record++
	if cap(s.journal) > maxJournal {
		s.journal = nil
		return
	}
	clear(s.journal)
	s.journal = s.journal[:0]
}

// Undo takes back what was written since Mark, or since Freeze if that came
// later, and begins a record.
func (s *KeyValue[K, V]) Undo() {
	s.detachScans()
	for i := len(s.journal) - 1; i >= 0; i-- {
		b := &s.journal[i]
		e := b.entry
		if !b.dirty {
			// The record was the first to write the entry, and entries leave
			// in the reverse order of their coming: it is the last one.
			s.dirty = s.dirty[:len(s.dirty)-1]
		}
		if b.made {
			s.remove(e)
			continue
		}
		e.content = b.was
		s.weigh(e)
		if !b.dirty {
			s.move(e, e.resting())
		}
	}
	s.Mark()
}

// note takes down what e is before the current record writes to it for the
// first time, and makes it dirty.
func (s *KeyValue[K, V]) note(e *entry[V], made bool) {
	if e.record != s.record {
		e.record = s.record
		s.journal = append(s.journal, before[V]{entry: e, was: e.content, dirty: e.kind == dirty, made: made})
	}
	if e.kind != dirty {
		s.dirty = append(s.dirty, e)
		s.move(e, dirty)
	}
}
