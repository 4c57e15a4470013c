package store

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// What is added stays where it is, however much follows and whatever chunks come
// from a pool, until what came last is taken out.
func TestSlabsAgreeWithASlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s slab
		var a arena[int]
		var chunks pool[byte]
		var numbers pool[int]
		type item struct {
			p slabPlace
			b []byte
		}
		var items []item
		length := rapid.SampledFrom([]int{0, 1, 127, 128, 3000, slabLong - 3, slabLong, 16384, slabChunk, 3 * slabChunk})
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				for range rapid.IntRange(1, 300).Draw(t, "items") {
					b := bytes.Repeat([]byte{byte(len(items))}, length.Draw(t, "length"))
					if n := a.add(len(items), &numbers); int(n) != len(items) {
						t.Fatalf("number %d, want %d", n, len(items))
					}
					items = append(items, item{s.add(b, &chunks), b})
				}
			},
			"drop": func(t *rapid.T) {
				for range rapid.IntRange(0, min(600, len(items))).Draw(t, "items") {
					last := items[len(items)-1]
					if !s.drop(last.p) {
						break // a longer one, or one of another chunk, came between
					}
					a.drop()
					items = items[:len(items)-1]
				}
			},
			"again": func(t *rapid.T) {
				chunks.give(s.chunks, slabChunk)
				numbers.give(a.chunks, arenaChunk)
				if len(chunks.free) > len(s.chunks) || len(numbers.free) > len(a.chunks) {
					t.Fatal("a pool has more than it was given last")
				}
				if slices.ContainsFunc(chunks.free, func(c []byte) bool { return cap(c) >= 2*slabChunk }) {
					t.Fatal("a pool keeps the memory of a long string, which is never used for one")
				}
				s, a, items = slab{}, arena[int]{}, nil
			},
			"": func(t *rapid.T) {
				size := 0
				for i, it := range items {
					if !bytes.Equal(s.at(it.p), it.b) || *a.at(uint32(i)) != i {
						t.Fatalf("item %d of %d bytes is another one", i, len(it.b))
					}
					if got := appendSized(nil, it.b); len(got) != sizedLen(it.b) {
						t.Fatalf("%d bytes take %d, want %d", len(it.b), sizedLen(it.b), len(got))
					}
					size += sizedLen(it.b)
				}
				if s.size != size || int(a.len()) != len(items) {
					t.Fatalf("%d items with %d bytes, want %d with %d", a.len(), s.size, len(items), size)
				}
				if slices.ContainsFunc(s.chunks, func(c []byte) bool { return len(c) > slabChunk && cap(c) > len(c)+1<<13 }) {
					t.Fatal("a long string has more room than it needs")
				}
			},
		})
	})
}
