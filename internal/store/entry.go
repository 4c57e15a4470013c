package store

import "unsafe"

// entry is what a store knows about one key.
type entry[V any] struct {
	key string // encoded
	content[V]
	kind kind
	base knowledge
	used bool // looked at since it came into the list of clean entries
	pins int  // how many batches in flight have the key
	size int64
	// record is the number of the record that last put the entry into the
	// journal; one entry goes there once per record.
	record     uint64
	prev, next *entry[V] // in the list of clean entries, or next in the free list
}

// content is what a key maps to. Contents are never changed in place, neither
// value nor raw, only replaced: the journal and open scans share them.
type content[V any] struct {
	value   V      // if the store keeps values decoded
	raw     []byte // the encoded value if it does not
	time    int64
	present bool // false: there is no value, and the rest means nothing but time
}

// kind is the place of an entry in a transaction's life.
type kind uint8

const (
	clean  kind = iota // equals the base; may be evicted
	dirty              // written by the running transaction
	frozen             // not dirty, but in a batch that may not be in the base yet
	kinds
)

// knowledge is what lies below the running transaction under a key: in the
// base, or in a newer batch in flight. It decides whether a deletion must be
// written.
type knowledge uint8

const (
	unknown knowledge = iota // never looked
	absent
	there
)

// resting is the kind of an entry that is not dirty.
func (e *entry[V]) resting() kind {
	if e.pins > 0 {
		return frozen
	}
	return clean
}

// pending reports whether a dirty entry has anything to write: not so if it was
// made and deleted again before anyone else heard of it.
func (e *entry[V]) pending() bool { return e.present || e.base != absent }

// maxFree bounds the entries that wait to be used again.
const maxFree = 1024

// add makes a clean entry without value for the key in s.key.
func (s *KeyValue[K, V]) add() *entry[V] {
	e := s.free
	if e == nil {
		e = new(entry[V])
	} else {
		s.free = e.next
		s.freeLen--
	}
	e.key = string(s.key)
	s.entries[e.key] = e
	s.link(e)
	s.weigh(e)
	return e
}

// remove forgets an entry that no batch in flight has.
func (s *KeyValue[K, V]) remove(e *entry[V]) {
	s.move(e, clean)
	s.unlink(e)
	s.bytes[clean] -= e.size
	delete(s.entries, e.key)
	*e = entry[V]{}
	if s.freeLen < maxFree {
		e.next, s.free = s.free, e
		s.freeLen++
	}
}

// move makes e an entry of another kind. Open scans must be detached before.
func (s *KeyValue[K, V]) move(e *entry[V], to kind) {
	from := e.kind
	if from == to {
		return
	}
	s.bytes[from] -= e.size
	s.bytes[to] += e.size
	e.kind = to
	switch {
	case from == clean:
		s.unlink(e)
		if s.indexed {
			s.pinned.Set(e.key, e)
		}
	case to == clean:
		s.link(e)
		if s.indexed {
			s.pinned.Delete(e.key)
		}
	}
}

// weigh counts the bytes of e anew.
func (s *KeyValue[K, V]) weigh(e *entry[V]) {
	n := s.overhead + len(e.key) + len(e.raw) + text(&e.value, s.strings)
	if s.cloner != nil && e.present {
		n += s.typical
	}
	s.bytes[e.kind] += int64(n) - e.size
	e.size = int64(n)
}

// overhead is what an entry costs beside its key and the bytes of its value:
// the struct, and its share of a map that is three quarters full.
func overhead[V any]() int {
	return int(unsafe.Sizeof(entry[V]{})) + (16+8+1)*4/3
}

// link appends e to the list of clean entries, newest last.
func (s *KeyValue[K, V]) link(e *entry[V]) {
	root := &s.clean
	e.used = false
	e.prev, e.next = root.prev, root
	root.prev.next, root.prev = e, e
}

// unlink takes e out of the list of clean entries.
func (s *KeyValue[K, V]) unlink(e *entry[V]) {
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = nil, nil
}

// Evict drops clean entries until at most limit bytes of them are left. Those
// that were not used for longest go first, roughly: one that was looked at gets
// a second turn.
func (s *KeyValue[K, V]) Evict(limit int64) {
	for s.bytes[clean] > limit {
		e := s.clean.next
		if e == &s.clean {
			return
		}
		if e.used {
			s.unlink(e)
			s.link(e)
			continue
		}
		s.remove(e)
	}
}

// Bytes is the rough size of the entries by kind. It costs nothing. Values that
// are kept through a serde.Cloner count with the encoded size of the last one
// that was read or frozen.
func (s *KeyValue[K, V]) Bytes() (cleanBytes, dirtyBytes, frozenBytes int64) {
	return s.bytes[clean], s.bytes[dirty], s.bytes[frozen]
}
