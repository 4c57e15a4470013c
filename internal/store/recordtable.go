package store

// recordTable finds the entries of a segment by their encoded keys, as table does
// those of a store. Hashes are made by the caller, who looks into several.
type recordTable[V any] struct {
	slots []recordSlot[V] // none, or a power of two of them, of which at most three quarters are used
	used  int
}

type recordSlot[V any] struct {
	hash uint64
	e    *recordEntry[V] // nil if the slot is free
}

// find returns the entry of a key, or nil.
func (t *recordTable[V]) find(hash uint64, key []byte) *recordEntry[V] {
	if t.used == 0 {
		return nil
	}
	for i, last := hash, uint64(len(t.slots)-1); ; i++ {
		s := &t.slots[i&last]
		if s.e == nil || s.hash == hash && s.e.key == string(key) {
			return s.e
		}
	}
}

// add takes in an entry whose key has none yet.
func (t *recordTable[V]) add(hash uint64, e *recordEntry[V]) {
	if t.used >= len(t.slots)/4*3 {
		old := t.slots
		t.slots = make([]recordSlot[V], max(minSlots, 2*len(old)))
		for _, s := range old {
			if s.e != nil {
				t.place(s)
			}
		}
	}
	t.place(recordSlot[V]{hash, e})
	t.used++
}

// place puts s into the first slot that is free for it.
func (t *recordTable[V]) place(s recordSlot[V]) {
	last := uint64(len(t.slots) - 1)
	i := s.hash & last
	for t.slots[i].e != nil {
		i = (i + 1) & last
	}
	t.slots[i] = s
}

// remove takes out an entry, which is there. Those behind it that would have
// been in its slot move up, so that none is cut off from its own.
func (t *recordTable[V]) remove(hash uint64, e *recordEntry[V]) {
	last := uint64(len(t.slots) - 1)
	free := hash & last
	for t.slots[free].e != e {
		free = (free + 1) & last
	}
	for i := (free + 1) & last; t.slots[i].e != nil; i = (i + 1) & last {
		if own := t.slots[i].hash; (i-own)&last >= (i-free)&last {
			t.slots[free] = t.slots[i]
			free = i
		}
	}
	t.slots[free] = recordSlot[V]{}
	t.used--
}
