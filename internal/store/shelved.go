package store

import (
	"encoding/binary"
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
	gaps    int    // bytes of them
	spots   []spot // none, or a power of two of them, of which at most three quarters are used
	used    int
}

// spot is where a row lies: in the slab from at on, 0 if the spot is free. It
// is that of the hash's last bits or, if that is taken, the next free one.
type spot struct{ hash, at uint32 }

var shelfSeed = maphash.MakeSeed()

func shelfHash(key []byte) uint32 { return uint32(maphash.Bytes(shelfSeed, key)) }

// memory is what the rows take.
func (w *shelved) memory() int64 {
	return int64(unsafe.Sizeof(*w)) + int64(cap(w.slab)) + int64(len(w.spots))*int64(unsafe.Sizeof(spot{}))
}

// holds reports whether spots can tell where all rows lie.
func (w *shelved) holds() bool { return uint64(len(w.slab)) <= math.MaxUint32 }

// get returns the value under a key, which aliases the slab.
func (w *shelved) get(key []byte) []byte {
	if w.used == 0 {
		return nil
	}
	_, value := w.find(shelfHash(key), key)
	return value
}

// put takes in a row, or that there is none.
func (w *shelved) put(key, value []byte) {
	if 4*(w.used+1) > 3*len(w.spots) {
		w.grow()
	}
	hash := shelfHash(key)
	p, old := w.find(hash, key)
	switch {
	case len(old) == len(value):
		copy(old, value)
		return
	case p.at == 0:
		w.used++
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
	for i := hash; ; i++ {
		p = &w.spots[i&uint32(len(w.spots)-1)]
		if p.at == 0 {
			return p, nil
		}
		if p.hash == hash {
			if k, v := cutRow(w.slab[p.at:]); string(k) == string(key) {
				return p, v
			}
		}
	}
}

func (w *shelved) grow() {
	if w.slab == nil {
		w.slab = []byte{0} // spots in use are not 0
	}
	old := w.spots
	w.spots = make([]spot, max(2, 2*len(old)))
	last := uint32(len(w.spots) - 1)
	for _, p := range old {
		if p.at == 0 {
			continue
		}
		i := p.hash & last
		for w.spots[i].at != 0 {
			i = (i + 1) & last
		}
		w.spots[i] = p
	}
}

// close closes the gaps. Keys without a value stay.
func (w *shelved) close() {
	old := w.slab
	w.slab, w.gaps = append(make([]byte, 0, len(old)-w.gaps), 0), 0
	for i := range w.spots {
		if p := &w.spots[i]; p.at != 0 {
			key, value := cutRow(old[p.at:])
			p.at = uint32(len(w.slab))
			w.slab = appendRow(w.slab, key, value)
		}
	}
}

func appendRow(dst, key, value []byte) []byte {
	dst = append(binary.AppendUvarint(dst, uint64(len(key))), key...)
	return append(binary.AppendUvarint(dst, uint64(len(value))), value...)
}

// cutRow returns the key and the value of the row that b begins with.
func cutRow(b []byte) (key, value []byte) {
	key, b = cutSized(b)
	value, _ = cutSized(b)
	return key, value
}

func cutSized(b []byte) (sized, rest []byte) {
	n, head := binary.Uvarint(b)
	end := head + int(n)
	return b[head:end:end], b[end:]
}
