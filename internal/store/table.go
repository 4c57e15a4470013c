package store

import "hash/maphash"

// table finds the entries of a store by their encoded keys. It is a map that
// goes to fewer places in memory, each of which is likely to be in no cache: a
// slot has the hash, so that no other entry is looked at, and an entry has its
// key beside its value. What is looked up is then two places and not five.
//
// It consists of parts that grow by themselves: no record waits until the slots
// of all entries are copied.
type table[V any] struct {
	seed  maphash.Seed
	parts [tableParts]tablePart[V]
}

const (
	tableParts = 1 << tableBits
	tableBits  = 5
	// minSlots is how many slots a part has at first.
	minSlots = 8
)

// tablePart has the entries whose hashes begin with the same bits, each in the
// slot of its hash's last bits or, if that is taken, in the next free one.
type tablePart[V any] struct {
	slots []slot[V] // none, or a power of two of them, of which at most three quarters are used
	used  int
}

type slot[V any] struct {
	hash  uint64
	entry *entry[V] // nil if the slot is free
}

func newTable[V any]() *table[V] { return &table[V]{seed: maphash.MakeSeed()} }

// find returns the entry of a key, or nil.
func (t *table[V]) find(key []byte) *entry[V] {
	hash := maphash.Bytes(t.seed, key)
	p := &t.parts[hash>>(64-tableBits)]
	if p.used == 0 {
		return nil
	}
	for i := hash; ; i++ {
		s := &p.slots[i&uint64(len(p.slots)-1)]
		if s.entry == nil {
			return nil
		}
		if s.hash == hash && s.entry.key == string(key) {
			return s.entry
		}
	}
}

// add takes in an entry whose key has none yet.
func (t *table[V]) add(e *entry[V]) {
	hash := maphash.String(t.seed, e.key)
	p := &t.parts[hash>>(64-tableBits)]
	if p.used >= len(p.slots)/4*3 {
		p.grow()
	}
	p.place(slot[V]{hash, e})
	p.used++
}

// place puts s into the first slot that is free for it.
func (p *tablePart[V]) place(s slot[V]) {
	last := uint64(len(p.slots) - 1)
	i := s.hash & last
	for p.slots[i].entry != nil {
		i = (i + 1) & last
	}
	p.slots[i] = s
}

func (p *tablePart[V]) grow() {
	old := p.slots
	p.slots = make([]slot[V], max(minSlots, 2*len(old)))
	for _, s := range old {
		if s.entry != nil {
			p.place(s)
		}
	}
}

// remove takes out an entry, which is there. Those behind it that would have
// been in its slot move up, so that none is cut off from its own.
func (t *table[V]) remove(e *entry[V]) {
	hash := maphash.String(t.seed, e.key)
	p := &t.parts[hash>>(64-tableBits)]
	last := uint64(len(p.slots) - 1)
	free := hash & last
	for p.slots[free].entry != e {
		free = (free + 1) & last
	}
	for i := (free + 1) & last; p.slots[i].entry != nil; i = (i + 1) & last {
		if own := p.slots[i].hash; (i-own)&last >= (i-free)&last {
			p.slots[free] = p.slots[i]
			free = i
		}
	}
	p.slots[free] = slot[V]{}
	p.used--
}
