package graph

import "sync"

// pieces are bytes that are only appended, in memory that all who have some share.
type pieces [][]byte

// pieceSize is small, for hundreds of tasks may each have a piece.
const pieceSize = 1 << 14

type piece [pieceSize]byte

var piecePool = sync.Pool{New: func() any { return new(piece) }}

// next returns the last piece, to append to: a new one if n bytes do not fit.
func (p *pieces) next(n int) []byte {
	if last := len(*p) - 1; last >= 0 {
		b := (*p)[last]
		if len(b) == 0 || cap(b)-len(b) >= n {
			return b
		}
	}
	b := piecePool.Get().(*piece)[:0]
	*p = append(*p, b)
	return b
}

// keep takes what was appended to what next returned, and returns where it lies. If it
// did not fit it gets a piece of its own.
func (p *pieces) keep(b []byte) (at, off int) {
	at = len(*p) - 1
	old := (*p)[at]
	off = len(old)
	if cap(b) != cap(old) && off == 0 {
		giveBack(old)
	} else if cap(b) != cap(old) {
		*p = append(*p, nil)
		b, at, off = b[off:], at+1, 0
	}
	(*p)[at] = b
	return at, off
}

// place is an end of pieces: how many there are, and the size of the last.
type place struct{ n, size int }

func (p pieces) end() place {
	if len(p) == 0 {
		return place{}
	}
	return place{len(p), len(p[len(p)-1])}
}

// cut drops what is behind an end.
func (p *pieces) cut(end place) {
	for _, b := range (*p)[end.n:] {
		giveBack(b)
	}
	clear((*p)[end.n:])
	if *p = (*p)[:end.n]; end.n > 0 {
		(*p)[end.n-1] = (*p)[end.n-1][:end.size]
	}
}

// free gives back the pieces before n.
func (p pieces) free(n int) {
	for n--; n >= 0 && p[n] != nil; n-- {
		giveBack(p[n])
		p[n] = nil
	}
}

// giveBack is for pieces of any size; one with a size of its own is garbage.
func giveBack(b []byte) {
	if cap(b) == pieceSize {
		piecePool.Put((*piece)(b[:pieceSize]))
	}
}
