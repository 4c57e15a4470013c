package store

import (
	"hash/maphash"
	"math"
	"unsafe"
)

// shelved are the rows of one window on a shelf. They lie behind each other in one
// slab, without pointers, so that the garbage collector has nothing to look at:
//
//	00 | key length, key, value length, value | ...
//
// The key is that of the row without the start of the window, lengths are varints.
// No value means that the base has none. A value of another length than the one
// before goes to the end of the slab, and leaves a gap.
type shelved struct {
	startMs int64
	slab    []byte
	gaps    int   // bytes of them
	spots   spots // of where in the slab rows lie
}

var shelfSeed = maphash.MakeSeed()

func shelfHash(key []byte) uint32 { return uint32(maphash.Bytes(shelfSeed, key)) }

// memory is what the rows take.
func (w *shelved) memory() int64 {
	return int64(unsafe.Sizeof(*w)) + int64(cap(w.slab)) + int64(len(w.spots.list))*int64(unsafe.Sizeof(spot{}))
}

// holds reports whether spots can tell where all rows lie.
func (w *shelved) holds() bool { return uint64(len(w.slab)) <= math.MaxUint32 }

// get returns the value under a key, which aliases the slab.
func (w *shelved) get(key []byte) []byte {
	if w.spots.used == 0 {
		return nil
	}
	_, value := w.find(shelfHash(key), key)
	return value
}

// put takes in a row, or that there is none.
func (w *shelved) put(key, value []byte) {
	if w.slab == nil {
		w.slab = []byte{0} // spots in use are not 0
	}
	w.spots.room()
	hash := shelfHash(key)
	p, old := w.find(hash, key)
	switch {
	case len(old) == len(value):
		copy(old, value)
		return
	case p.at == 0:
		w.spots.used++
	default:
		w.gaps += len(key) + len(old)
	}
	*p = spot{hash, uint32(len(w.slab))}
	w.slab = appendRow(w.slab, key, value)
	if w.gaps > len(w.slab)/2 {
		w.close()
	}
}

// find returns the spot of a key, a free one if it has none yet, and its value.
func (w *shelved) find(hash uint32, key []byte) (p *spot, value []byte) {
	for p, i := w.spots.find(hash, hash); ; p, i = w.spots.find(hash, i) {
		if p.at == 0 {
			return p, nil
		}
		if k, v := cutRow(w.slab[p.at:]); string(k) == string(key) {
			return p, v
		}
	}
}

// close closes the gaps. Keys without a value stay.
func (w *shelved) close() {
	old := w.slab
	w.slab, w.gaps = append(make([]byte, 0, len(old)-w.gaps), 0), 0
	for i := range w.spots.list {
		if p := &w.spots.list[i]; p.at != 0 {
			key, value := cutRow(old[p.at:])
			p.at = uint32(len(w.slab))
			w.slab = appendRow(w.slab, key, value)
		}
	}
}

func appendRow(dst, key, value []byte) []byte { return appendSized(appendSized(dst, key), value) }

// cutRow returns the key and the value of the row that b begins with.
func cutRow(b []byte) (key, value []byte) {
	key, b = cutSized(b)
	value, _ = cutSized(b)
	return key, value
}
