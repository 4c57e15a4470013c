package store

// queue lines e up for eviction. An entry that becomes dirty stays in the line,
// which is cheaper than to find it there; Evict then drops it from the line, and
// it comes in again when it is clean.
func (s *KeyValue[K, V]) queue(e *entry[V]) {
	e.queued, e.used = true, false
	s.line.push(e)
}

// Evict drops clean entries until at most limit bytes of them are left. They go
// in the order in which they came, but one that was used in between gets a
// second turn. The cost is that of the entries that came since the last call.
func (s *KeyValue[K, V]) Evict(limit int64) {
	for s.bytes[clean] > limit && !s.line.empty() {
		e := s.line.pop()
		e.queued = false
		switch {
		case e.kind != clean:
		case e.used:
			s.queue(e)
		default:
			s.evict(e)
		}
	}
}

// shed drops clean entries whose keys come before one and that nobody looks for
// again, whatever the limit. Keys must have come about in their order: shed looks
// no further than to the first entry of the line that has to stay.
func (s *KeyValue[K, V]) shed(before []byte) {
	for !s.line.empty() {
		e := s.line.first()
		if e.kind == clean && e.key >= string(before) {
			return
		}
		s.line.pop()
		e.queued = false
		if e.kind == clean {
			s.evict(e)
		}
	}
}

func (s *KeyValue[K, V]) evict(e *entry[V]) {
	if s.evicted != nil {
		s.evicted(e)
	}
	s.remove(e)
}
