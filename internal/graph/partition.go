package graph

import "encoding/binary"

// Partition is where Kafka's default partitioner puts a record with the key in
// a topic of n partitions: murmur2, as the Java client computes it. A null key
// has no place of its own; the caller chooses.
func Partition(key []byte, n int) int32 {
	return int32(int(murmur2(key)&0x7fffffff) % n)
}

// murmur2 is the 32-bit hash of Austin Appleby (public domain), with the seed
// that Kafka uses.
func murmur2(b []byte) uint32 {
	const (
		seed = 0x9747b28c
		mix  = 0x5bd1e995
	)
	h := uint32(seed) ^ uint32(len(b))
	for ; len(b) >= 4; b = b[4:] {
		k := binary.LittleEndian.Uint32(b) * mix
		k ^= k >> 24
		h = h*mix ^ k*mix
	}
	switch len(b) {
	case 3:
		h ^= uint32(b[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(b[1]) << 8
		fallthrough
	case 1:
		h = (h ^ uint32(b[0])) * mix
	}
	h = (h ^ h>>13) * mix
	return h ^ h>>15
}
