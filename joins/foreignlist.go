package joins

import (
	"bytes"
	"slices"

	"github.com/millrace-io/millrace/serde"
)

// foreignKeys are those of one left row, each once, in the order of their bytes:
// these are what they are told apart by.
type foreignKeys[KR any] struct {
	keys  []KR
	spans [][2]int // of encoded keys in slab; as many as keys
	slab  []byte
	order []int
}

func (l *foreignKeys[KR]) clear() {
	clear(l.keys)
	l.keys, l.spans, l.slab = l.keys[:0], l.spans[:0], l.slab[:0]
}

func (l *foreignKeys[KR]) len() int { return len(l.keys) }

// at is key i, encoded, until the list is filled anew.
func (l *foreignKeys[KR]) at(i int) []byte { return l.slab[l.spans[i][0]:l.spans[i][1]:l.spans[i][1]] }

// find is the place of an encoded key.
func (l *foreignKeys[KR]) find(encoded []byte) (i int, ok bool) {
	return slices.BinarySearchFunc(l.spans, encoded, func(s [2]int, b []byte) int {
		return bytes.Compare(l.slab[s[0]:s[1]], b)
	})
}

// fill takes the keys of a row, which may be in the memory of l.keys.
func (l *foreignKeys[KR]) fill(ks serde.Serde[KR], keys []KR) (err error) {
	l.keys = keys
	l.slab = append(l.slab[:0], 0) // of which an empty key is no nil
	for _, k := range keys {
		at := len(l.slab)
		if l.slab, err = ks.Append(l.slab, k); err != nil {
			l.clear()
			return err
		}
		l.spans = append(l.spans, [2]int{at, len(l.slab)})
	}
	if len(keys) > 1 {
		l.sort()
	}
	return nil
}

// sort sorts keys and spans together, and leaves one of those that are the same.
func (l *foreignKeys[KR]) sort() {
	l.order = l.order[:0]
	for i := range l.spans {
		l.order = append(l.order, i)
	}
	slices.SortStableFunc(l.order, func(a, b int) int { return bytes.Compare(l.at(a), l.at(b)) })
	l.order = slices.CompactFunc(l.order, func(a, b int) bool { return bytes.Equal(l.at(a), l.at(b)) })
	keys, spans := make([]KR, len(l.order)), make([][2]int, len(l.order))
	for i, from := range l.order {
		keys[i], spans[i] = l.keys[from], l.spans[from]
	}
	l.keys, l.spans = keys, spans
}
