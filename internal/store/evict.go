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
			if s.evicted != nil {
				s.evicted(e.key)
			}
			s.remove(e)
		}
	}
}
