package store

import "encoding/binary"

// arena holds things without pointers by number: the garbage collector has nothing
// to look at. They lie in chunks, which go from one arena to another by a pool:
// nothing is copied as an arena grows, and little of it is unused.
type arena[T any] struct {
	chunks [][]T
}

// arenaChunk is how many things are in a chunk.
const (
	arenaChunk = 1 << arenaBits
	arenaBits  = 9
)

// at is what has a number. It may lie elsewhere once more has come.
func (a *arena[T]) at(number uint32) *T { return &a.chunks[number>>arenaBits][number%arenaChunk] }

// len is how many there are, and so the next number.
func (a *arena[T]) len() uint32 {
	n := len(a.chunks)
	if n == 0 {
		return 0
	}
	return uint32((n-1)*arenaChunk + len(a.chunks[n-1]))
}

// add takes in v. The first chunk grows bit by bit: most stores are small.
func (a *arena[T]) add(v T, spare *pool[T]) (number uint32) {
	last := len(a.chunks) - 1
	if last < 0 || len(a.chunks[last]) == arenaChunk {
		a.chunks = append(a.chunks, spare.take(last >= 0, arenaChunk))
		last++
	}
	a.chunks[last] = append(a.chunks[last], v)
	return uint32(last*arenaChunk + len(a.chunks[last]) - 1)
}

// drop takes out what came last.
func (a *arena[T]) drop() {
	last := len(a.chunks) - 1
	if a.chunks[last] = a.chunks[last][:len(a.chunks[last])-1]; len(a.chunks[last]) == 0 {
		a.chunks = a.chunks[:last]
	}
}

// slab holds strings of bytes, each with its length before it, in chunks as an
// arena does. A long one has a chunk of its own.
type slab struct {
	chunks [][]byte
	open   int // the chunk that is being filled, if there are any
	size   int // bytes in use
}

const (
	slabChunk = 1 << 16
	slabLong  = slabChunk / 8
)

// slabPlace is where a string lies in a slab.
type slabPlace struct {
	chunk uint32
	off   uint16
}

// add takes in a copy of b.
func (s *slab) add(b []byte, spare *pool[byte]) (p slabPlace) {
	n := sizedLen(b)
	s.size += n
	if n > slabLong {
		s.chunks = append(s.chunks, appendSized(make([]byte, 0, n), b))
		return slabPlace{chunk: uint32(len(s.chunks) - 1)}
	}
	if len(s.chunks) == 0 || len(s.chunks[s.open])+n > slabChunk {
		s.open = len(s.chunks)
		s.chunks = append(s.chunks, spare.take(s.open > 0, slabChunk))
	}
	chunk := &s.chunks[s.open]
	p = slabPlace{uint32(s.open), uint16(len(*chunk))}
	*chunk = appendSized(*chunk, b)
	return p
}

// drop takes out what came last. It reports false, and does nothing, if that is
// not what lies at p.
func (s *slab) drop(p slabPlace) bool {
	n, end := sizedLen(s.at(p)), len(s.chunks[p.chunk])
	if int(p.off)+n != end {
		return false
	}
	s.size -= n
	s.chunks[p.chunk] = s.chunks[p.chunk][:p.off]
	if last := len(s.chunks) - 1; int(p.chunk) == last && last != s.open {
		s.chunks[last] = nil
		s.chunks = s.chunks[:last]
	}
	return true
}

// at is the string of a place.
func (s *slab) at(p slabPlace) []byte {
	b, _ := cutSized(s.chunks[p.chunk][p.off:])
	return b
}

// appendSized appends a string and its length.
func appendSized(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// cutSized returns the string that b begins with, and what follows it.
func cutSized(b []byte) (sized, rest []byte) {
	n, head := uint64(b[0]), 1 // most are short
	if n >= 1<<7 {
		n, head = binary.Uvarint(b)
	}
	end := head + int(n)
	return b[head:end:end], b[end:]
}

// sizedLen is how many bytes appendSized appends.
func sizedLen(b []byte) int {
	n := 1 + len(b)
	for l := len(b); l >= 1<<7; l >>= 7 {
		n++
	}
	return n
}

// pool has chunks that nobody uses.
type pool[T any] struct{ free [][]T }

// take returns an empty chunk, for size things if it should be full.
func (p *pool[T]) take(full bool, size int) (chunk []T) {
	if n := len(p.free); n > 0 {
		chunk, p.free[n-1] = p.free[n-1], nil
		p.free = p.free[:n-1]
		return chunk
	}
	if full {
		chunk = make([]T, 0, size)
	}
	return chunk
}

// give takes in chunks that have room for size things, and not for many more: as
// many as these are, with those that it has.
func (p *pool[T]) give(chunks [][]T, size int) {
	for _, c := range chunks {
		if cap(c) >= size && cap(c) < 2*size && len(p.free) < len(chunks) {
			p.free = append(p.free, c[:0])
		}
	}
	if len(p.free) > len(chunks) {
		clear(p.free[len(chunks):])
		p.free = p.free[:len(chunks)]
	}
}
