package store

import "github.com/millrace-io/millrace/state"

// Bytes is the rough size of the rows in memory by kind.
func (s *Window[K, V]) Bytes() (cleanBytes, dirtyBytes, frozenBytes int64) {
	cleanBytes, dirtyBytes, frozenBytes = s.rows.Bytes()
	return cleanBytes + s.shelf.bytes, dirtyBytes, frozenBytes
}

// Evict drops clean rows until at most limit bytes of them are left in memory.
// Entries go to the shelf, which may fill three quarters of the limit; when it has,
// its oldest windows go.
func (s *Window[K, V]) Evict(limit int64) {
	for {
		room := max(limit-s.shelf.bytes, limit/4)
		s.rows.Evict(room)
		if clean, _, _ := s.Bytes(); clean <= limit || room == limit/4 && !s.shelf.dropOldest() {
			return
		}
	}
}

// shelve puts the row of an entry that goes on the shelf, if its window is there.
func (s *Window[K, V]) shelve(e *entry[V]) {
	key := e.bytes()
	if startOf(key) <= s.shelf.below {
		return
	}
	var err error
	s.row = s.row[:0]
	if e.present {
		s.row, err = s.rows.appendStored(s.row, &e.content)
	}
	if err != nil { // of a serde that has written it before: the base has it
		s.shelf.drop(startOf(key))
		return
	}
	s.shelf.put(key, s.row)
}

// Closed says that windows that begin before startMs take no more records. Their
// rows leave memory; who reads them gets what the base has.
func (s *Window[K, V]) Closed(startMs int64) { s.closed = max(s.closed, startMs) }

// shed drops the rows of windows that are closed or have expired: they would only
// take the place of others until they are evicted.
func (s *Window[K, V]) shed() {
	before := s.closed
	if s.known {
		before = max(before, s.oldest())
	}
	if before != none {
		s.shelf.drop(before - 1)
		s.key = state.WindowRow{StartMs: before}.AppendKey(s.key[:0])
		s.rows.shed(s.key)
	}
}
