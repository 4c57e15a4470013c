package store

import "unsafe"

// encodedKey is the key of an entry, which embeds it: a short one lies there,
// where a look-up goes next, a longer one elsewhere.
type encodedKey struct {
	key   string
	short [shortKey]byte // the bytes of key, if it has no more
}

// shortKey is the length up to which keys lie in their entries.
const shortKey = 24

// set gives the entry a key. The string goes with the entry, which may be used for
// another key then: who keeps it for longer makes a copy.
func (k *encodedKey) set(key []byte) {
	if n := copy(k.short[:], key); n == len(key) {
		k.key = unsafe.String(&k.short[0], n)
	} else {
		k.key = string(key)
	}
}

// beside is how many bytes the key has outside of the entry.
func (k *encodedKey) beside() int {
	if len(k.key) > shortKey {
		return len(k.key)
	}
	return 0
}

// bytes is the key, which nobody may change.
func (k *encodedKey) bytes() []byte { return unsafe.Slice(unsafe.StringData(k.key), len(k.key)) }
