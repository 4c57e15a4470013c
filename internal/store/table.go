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
	parts [tableParts]slots[entry[V]] // each has the hashes that begin with the same bits
}

const (
	tableParts = 1 << tableBits
	tableBits  = 5
)

func newTable[V any]() *table[V] { return &table[V]{seed: maphash.MakeSeed()} }

func (t *table[V]) part(hash uint64) *slots[entry[V]] { return &t.parts[hash>>(64-tableBits)] }

// find returns the entry of a key, or nil.
func (t *table[V]) find(key []byte) *entry[V] {
	hash := maphash.Bytes(t.seed, key)
	p := t.part(hash)
	for e, i := p.next(hash, hash); ; e, i = p.next(hash, i) {
		if e == nil || e.key == string(key) {
			return e
		}
	}
}

// add takes in an entry whose key has none yet.
func (t *table[V]) add(e *entry[V]) {
	hash := maphash.String(t.seed, e.key)
	t.part(hash).add(hash, e)
}

// remove takes out an entry, which is there.
func (t *table[V]) remove(e *entry[V]) {
	hash := maphash.String(t.seed, e.key)
	t.part(hash).remove(hash, e)
}
