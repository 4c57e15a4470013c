package store

import "unsafe"

// entry is what a store knows about one key.
type entry[V any] struct {
	encodedKey
	content[V]
	size   int64
	record uint64 // the record that last put the entry into the journal: each does so once
	pins   int32  // how many batches in flight have the key
	flight uint32 // the number of the last one of them, if there is one
	at     int32  // and the place in its entries
	kind   kind
	base   knowledge
	queued bool // waits for eviction, and will be passed over if it is not clean then
	used   bool // looked at or written since it was queued
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

// add makes an entry without value for the key in s.key. It is clean, but the
// caller has to queue it or make it dirty.
func (s *KeyValue[K, V]) add() *entry[V] {
	var e *entry[V]
	if n := len(s.free); n > 0 {
		e, s.free = s.free[n-1], s.free[:n-1]
	} else {
		e = new(entry[V])
	}
	e.set(s.key)
	s.entries.add(e)
	s.last = e
	s.weigh(e)
	return e
}

// remove forgets an entry that is not queued and that no batch in flight has.
func (s *KeyValue[K, V]) remove(e *entry[V]) {
	s.bytes[e.kind] -= e.size
	if s.indexed && e.kind != clean {
		s.pinned.Delete(e.key)
	}
	s.entries.remove(e)
	s.last = nil
	*e = entry[V]{}
	if len(s.free) < maxFree {
		s.free = append(s.free, e)
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
	if from == clean && s.indexed {
		s.pinned.Set(e.key, e)
	}
	if to == clean {
		if !e.queued {
			s.queue(e)
		}
		if s.indexed {
			s.pinned.Delete(e.key)
		}
	}
}

// weigh counts the bytes of e anew.
func (s *KeyValue[K, V]) weigh(e *entry[V]) {
	n := s.overhead + e.beside()
	if e.present {
		n += s.codec.weight(&e.value, e.raw)
	}
	s.bytes[e.kind] += int64(n) - e.size
	e.size = int64(n)
}

// overhead is what an entry costs beside its key and the bytes of its value:
// the struct, and its share of a table that is a little more than half full.
func overhead[V any]() int {
	return int(unsafe.Sizeof(entry[V]{}) + unsafe.Sizeof(slot[entry[V]]{})*7/4)
}

// Bytes is the rough size of the entries by kind. It costs nothing. Values that
// are kept through a serde.Cloner count with the encoded size of the last one
// that was read or frozen.
func (s *KeyValue[K, V]) Bytes() (cleanBytes, dirtyBytes, frozenBytes int64) {
	return s.bytes[clean], s.bytes[dirty], s.bytes[frozen]
}
