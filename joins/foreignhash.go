package joins

import (
	"encoding/binary"
	"math/bits"
)

// digest stands for a row of the left table in the messages of a foreign-key
// join: what is said of a row is for the row of these bytes. The zero value
// stands for no row.
type digest struct {
	high, low uint64
	of        bool // a row
}

// digestSeed is the one that Kafka Streams uses.
const digestSeed = 104729

// digestOf is MurmurHash3 of Austin Appleby (public domain), the variant x64
// with 128 bits, as Kafka Streams computes it.
func digestOf(b []byte) digest {
	const c1, c2 = 0x87c37b91114253d5, 0x4cf5ad432745937f
	mix1 := func(k uint64) uint64 { return bits.RotateLeft64(k*c1, 31) * c2 }
	mix2 := func(k uint64) uint64 { return bits.RotateLeft64(k*c2, 33) * c1 }
	h1, h2 := uint64(digestSeed), uint64(digestSeed)
	size := uint64(len(b))
	for ; len(b) >= 16; b = b[16:] {
		h1 ^= mix1(binary.LittleEndian.Uint64(b))
		h1 = (bits.RotateLeft64(h1, 27)+h2)*5 + 0x52dce729
		h2 ^= mix2(binary.LittleEndian.Uint64(b[8:]))
		h2 = (bits.RotateLeft64(h2, 31)+h1)*5 + 0x38495ab5
	}
	var tail [16]byte
	copy(tail[:], b)
	if len(b) > 8 {
		h2 ^= mix2(binary.LittleEndian.Uint64(tail[8:]))
	}
	if len(b) > 0 {
		h1 ^= mix1(binary.LittleEndian.Uint64(tail[:]))
	}
	h1, h2 = h1^size, h2^size
	h1 += h2
	h2 += h1
	h1, h2 = avalanche(h1), avalanche(h2)
	h1 += h2
	h2 += h1
	return digest{h1, h2, true}
}

// avalanche lets each bit change all others.
func avalanche(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
