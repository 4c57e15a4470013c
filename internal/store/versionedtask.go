package store

import (
	"cmp"
	"slices"

	"github.com/millrace-io/millrace/state"
)

// headOverhead is what an entry of heads takes beside its prefix.
const headOverhead = (16 + 8 + 1) * 4 / 3

// know takes down the time of a key's newest version.
func (s *Versioned[K, V]) know(prefix string, ms int64) {
	if _, ok := s.heads[prefix]; !ok {
		s.headBytes += int64(len(prefix)) + headOverhead
	}
	s.heads[prefix] = ms
}

func (s *Versioned[K, V]) forget(prefix string) {
	if _, ok := s.heads[prefix]; ok {
		s.headBytes -= int64(len(prefix)) + headOverhead
		delete(s.heads, prefix)
	}
}

func (s *Versioned[K, V]) forgetAll() { s.heads, s.headBytes = map[string]int64{}, 0 }

// setHead says that s.prefix has a new newest version.
func (s *Versioned[K, V]) setHead(ms int64) {
	before, known := s.heads[string(s.prefix)]
	if known && before == ms {
		return
	}
	prefix := string(s.prefix)
	s.journal = append(s.journal, head{prefix, before, known})
	s.know(prefix, ms)
}

// Mark begins a record.
func (s *Versioned[K, V]) Mark() {
	s.rows.Mark()
	s.marked = s.streamTime
	if cap(s.journal) > maxJournal {
		s.journal = nil
	}
	s.journal = s.journal[:0]
}

// Undo takes back what was written since Mark, or since Freeze if that came
// later, and begins a record.
func (s *Versioned[K, V]) Undo() {
	s.rows.Undo()
	s.streamTime = s.marked
	for _, h := range slices.Backward(s.journal) {
		if h.known {
			s.know(h.prefix, h.ms)
		} else {
			s.forget(h.prefix)
		}
	}
	s.Mark()
}

// Freeze appends the dirty rows to b, as KeyValue.Freeze does, the deletion of
// some rows that no read can show any more, and the stream time. A batch that
// is not empty has a row that is logged. Among the rows of one key the newest
// is the last.
func (s *Versioned[K, V]) Freeze(seq uint64, b *state.Batch) error {
	if len(s.rows.dirty) > 0 {
		if err := s.dropOld(); err != nil {
			return err
		}
	}
	if s.unordered {
		s.Mark() // Undo needs the order in which rows became dirty
		slices.SortFunc(s.rows.dirty, func(x, y *entry[nullable[V]]) int { return cmp.Compare(y.key, x.key) })
	}
	if err := s.rows.Freeze(seq, b); err != nil {
		return err
	}
	if s.streamTime != s.frozen {
		state.Versions.SetStreamTime(b, s.streamTime)
		s.frozen = s.streamTime
	}
	s.unordered = false
	s.Mark()
	return nil
}

// Discard forgets everything that is not in the base, and what is known of it.
func (s *Versioned[K, V]) Discard() {
	s.rows.Discard()
	s.forgetAll()
	s.known, s.unordered = false, false
	s.streamTime, s.frozen = -1, -1
	s.old = old{}
	s.Mark()
}

// Bytes is the rough size of the entries by kind.
func (s *Versioned[K, V]) Bytes() (cleanBytes, dirtyBytes, frozenBytes int64) {
	c, d, f := s.rows.Bytes()
	return c + s.headBytes, d, f
}

// Evict drops clean entries until at most limit bytes of them are left. What
// is known of newest versions goes as a whole if it takes half of that.
func (s *Versioned[K, V]) Evict(limit int64) {
	if s.headBytes > limit/2 {
		s.forgetAll()
	}
	s.rows.Evict(limit - s.headBytes)
}
