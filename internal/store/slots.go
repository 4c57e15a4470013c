package store

// slots find entries by the hashes of their keys. Each is in the slot of its hash's
// last bits or, if that is taken, in the next free one. Who looks one up compares
// the keys: to ask any kind of entry for its own would be a call that is not inlined.
type slots[E any] struct {
	list []slot[E] // none, or a power of two of them, of which at most three quarters are used
	used int
}

type slot[E any] struct {
	hash  uint64
	entry *E // nil if the slot is free
}

// minSlots is how many there are at first.
const minSlots = 8

// next is the next entry of a hash, nil if there is none, in the slots from i on,
// and the i behind it. The first one is looked for with the hash as i.
func (t *slots[E]) next(hash, i uint64) (e *E, behind uint64) {
	if t.used == 0 {
		return nil, i
	}
	for ; ; i++ {
		s := &t.list[i&uint64(len(t.list)-1)]
		if s.entry == nil || s.hash == hash {
			return s.entry, i + 1
		}
	}
}

// add takes in an entry whose key has none yet.
func (t *slots[E]) add(hash uint64, e *E) {
	if t.used >= len(t.list)/4*3 {
		t.grow()
	}
	t.place(slot[E]{hash, e})
	t.used++
}

// place puts s into the first slot that is free for it.
func (t *slots[E]) place(s slot[E]) {
	last := uint64(len(t.list) - 1)
	i := s.hash & last
	for t.list[i].entry != nil {
		i = (i + 1) & last
	}
	t.list[i] = s
}

func (t *slots[E]) grow() {
	old := t.list
	t.list = make([]slot[E], max(minSlots, 2*len(old)))
	for _, s := range old {
		if s.entry != nil {
			t.place(s)
		}
	}
}

// remove takes out an entry, which is there. Those behind it that would have
// been in its slot move up, so that none is cut off from its own.
func (t *slots[E]) remove(hash uint64, e *E) {
	last := uint64(len(t.list) - 1)
	free := hash & last
	for t.list[free].entry != e {
		free = (free + 1) & last
	}
	for i := (free + 1) & last; t.list[i].entry != nil; i = (i + 1) & last {
		if own := t.list[i].hash; (i-own)&last >= (i-free)&last {
			t.list[free] = t.list[i]
			free = i
		}
	}
	t.list[free] = slot[E]{}
	t.used--
}
