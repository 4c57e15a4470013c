package aggregate

import (
	"fmt"
	"math/bits"
	"sort"
	"strings"
)

// Sketch is the accumulator of ApproxDistinct: the registers of a HyperLogLog
// of some precision p. A hash belongs to the register that its first p bits
// name, and has a rank: 1 and the number of zeros before the first one in the
// others. A register holds the highest rank that it has seen, 0 for none.
//
// They are a string, which nobody can change, so that rows stay decoded and
// most values, which raise no register, cost no memory. As long as that is
// shorter, only the registers above 0 are in it:
//
//	sparse  0003 02   0a10 01   ...    index, rank; by index
//	dense   00 00 00 02 00 ...         2^p ranks, by index
//
// No sparse form is as long as the dense one, since 3 divides no power of two.
type Sketch struct {
	registers string
}

const sparseSize = 3 // bytes of a register in the sparse form

func (s Sketch) dense(p int) bool { return len(s.registers) == 1<<p }

// add puts a hash in.
func (s Sketch) add(hash uint64, p int) Sketch {
	index := int(hash >> (64 - p))
	// A one behind the last bit bounds the rank.
	rank := byte(1 + bits.LeadingZeros64(hash<<p|1<<(p-1)))
	r := s.registers
	if s.dense(p) {
		if rank <= r[index] {
			return s
		}
		return Sketch{replaced(r, index, 1, rank)}
	}
	at := sparseSize * sort.Search(len(r)/sparseSize, func(i int) bool { return sparseIndex(r, sparseSize*i) >= index })
	if at < len(r) && sparseIndex(r, at) == index {
		if rank <= r[at+2] {
			return s
		}
		return Sketch{replaced(r, at+2, 1, rank)}
	}
	if len(r)+sparseSize < 1<<p {
		return Sketch{replaced(r, at, 0, byte(index>>8), byte(index), rank)}
	}
	all := s.ranks(p)
	all[index] = rank
	return Sketch{string(all)}
}

// merge takes the higher rank of each register.
func (s Sketch) merge(other Sketch, p int) Sketch {
	if s.registers == "" {
		return other
	}
	all := s.ranks(p)
	for i, rank := range other.ranks(p) {
		all[i] = max(all[i], rank)
	}
	return packed(all)
}

// ranks are all registers.
func (s Sketch) ranks(p int) []byte {
	if s.dense(p) {
		return []byte(s.registers)
	}
	all := make([]byte, 1<<p)
	for at := 0; at < len(s.registers); at += sparseSize {
		all[sparseIndex(s.registers, at)] = s.registers[at+2]
	}
	return all
}

// packed is the shorter form of all registers.
func packed(all []byte) Sketch {
	var sparse []byte
	for i, rank := range all {
		if rank == 0 {
			continue
		}
		if sparse = append(sparse, byte(i>>8), byte(i), rank); len(sparse) > len(all) {
			return Sketch{string(all)}
		}
	}
	return Sketch{string(sparse)}
}

func sparseIndex(r string, at int) int { return int(r[at])<<8 | int(r[at+1]) }

// replaced is r with the n bytes at an index replaced.
func replaced(r string, at, n int, by ...byte) string {
	var b strings.Builder
	b.Grow(len(r) - n + len(by))
	b.WriteString(r[:at])
	b.Write(by)
	b.WriteString(r[at+n:])
	return b.String()
}

// sketchSerde writes the version, the precision and the registers in the form
// that they are in.
type sketchSerde struct{ precision int }

func (s sketchSerde) Append(dst []byte, v Sketch) ([]byte, error) {
	return append(append(dst, version, byte(s.precision)), v.registers...), nil
}

func (s sketchSerde) Decode(b []byte) (Sketch, error) {
	rest, err := unversioned[Sketch](b)
	switch {
	case err != nil:
		return Sketch{}, err
	case len(rest) == 0:
		return Sketch{}, refuse[Sketch](b, "want a precision")
	case int(rest[0]) != s.precision:
		return Sketch{}, refuse[Sketch](b, fmt.Sprintf(
			"its precision is %d, that of the aggregation %d: keep the one it was stored with, or give the store another name",
			rest[0], s.precision))
	}
	v := Sketch{string(rest[1:])}
	if !v.valid(s.precision) {
		return Sketch{}, refuse[Sketch](b, "no registers of that precision")
	}
	return v, nil
}

// valid reports whether s is in one of the two forms, with ranks that exist.
func (s Sketch) valid(p int) bool {
	r, highest := s.registers, byte(65-p)
	if s.dense(p) {
		for i := range len(r) {
			if r[i] > highest {
				return false
			}
		}
		return true
	}
	if len(r) > 1<<p || len(r)%sparseSize != 0 {
		return false
	}
	last := -1
	for at := 0; at < len(r); at += sparseSize {
		index, rank := sparseIndex(r, at), r[at+2]
		if index <= last || index >= 1<<p || rank == 0 || rank > highest {
			return false
		}
		last = index
	}
	return true
}

func (s sketchSerde) SerdeName() string {
	return fmt.Sprintf("hyperloglog of precision %d", s.precision)
}
