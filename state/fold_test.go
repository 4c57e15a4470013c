package state

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// rowsAfter are the rows that writes leave of some that were there before.
func rowsAfter(t *rapid.T, b *Batch) map[string]string {
	db, err := Memory().Open(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := db.Store(ID{})
	if err != nil {
		t.Fatal(err)
	}
	var before Batch
	for _, k := range []string{"", "a", "ab", "b", "common/b", "common/zzzzzzzzz"} {
		before.Set([]byte(k), []byte("before"), 0)
	}
	for _, w := range []*Batch{&before, b} {
		if err := s.Apply(w, Position{}); err != nil {
			t.Fatal(err)
		}
	}
	rows := map[string]string{}
	c := s.Scan(nil, nil, false)
	defer c.Close()
	for c.Next() {
		rows[string(c.Key())] = string(c.Value())
	}
	return rows
}

// Whatever was added, and wherever it was folded, a batch does the same.
func TestFoldAndSortKeepWhatABatchDoes(t *testing.T) {
	key := rapid.Custom(func(t *rapid.T) []byte {
		k := rapid.StringOfN(rapid.RuneFrom([]rune{'a', 'b', '\x00', 'z'}), 0, 10, -1).Draw(t, "key")
		if rapid.Bool().Draw(t, "long") {
			k = "common/" + k
		}
		return []byte(k)
	})
	rapid.Check(t, func(t *rapid.T) {
		var plain, b Batch
		for n := range rapid.IntRange(0, 300).Draw(t, "writes") {
			k, ms := key.Draw(t, "key"), int64(n)
			switch rapid.IntRange(0, 5).Draw(t, "kind") {
			case 0:
				plain.Delete(k, ms)
				b.Delete(k, ms)
			default:
				v := fmt.Append(nil, rapid.IntRange(0, 2000).Draw(t, "value"))
				plain.Set(k, v, ms)
				b.Set(k, v, ms)
			}
			if rapid.IntRange(0, 30).Draw(t, "fold") == 0 {
				b.Fold()
				if diff := cmp.Diff(rowsAfter(t, &plain), rowsAfter(t, &b)); diff != "" {
					t.Fatal("folded (-want +got):\n" + diff)
				}
			}
		}
		for range rapid.IntRange(0, 4).Draw(t, "ranges") {
			from, to := key.Draw(t, "from"), key.Draw(t, "to")
			plain.DeleteRange(from, to)
			b.DeleteRange(from, to)
			k := key.Draw(t, "key")
			plain.Set(k, nil, 0)
			b.Set(k, nil, 0)
		}
		b.Sort()
		if diff := cmp.Diff(rowsAfter(t, &plain), rowsAfter(t, &b)); diff != "" {
			t.Fatal("sorted (-want +got):\n" + diff)
		}
		if !b.Sorted() {
			t.Fatal("not sorted")
		}
		ranges := true
		var last, end []byte
		for i := range b.Len() {
			w := b.At(i)
			if w.To != nil {
				if !ranges || end != nil && bytes.Compare(w.Key, end) <= 0 || bytes.Compare(w.Key, w.To) >= 0 {
					t.Fatalf("a range from %q to %q behind one that ends at %q, or behind a key", w.Key, w.To, end)
				}
				end = w.To
				continue
			}
			if !ranges && bytes.Compare(last, w.Key) >= 0 {
				t.Fatalf("%q before %q", last, w.Key)
			}
			ranges, last = false, w.Key
		}
		b.Set([]byte("more"), nil, 0)
		if b.Sorted() {
			t.Fatal("sorted after another write")
		}
	})
}

// A count grows by one again and again: no memory is taken for that.
func TestFoldReusesMemory(t *testing.T) {
	var b Batch
	for n := range 10_000 {
		for k := range 10 {
			b.Set([]byte{'k', byte(k)}, fmt.Appendf(nil, "%08d", n), int64(n))
		}
		b.Fold()
	}
	if b.Len() != 10 || b.Bytes() != 100 {
		t.Errorf("%d writes, %d bytes", b.Len(), b.Bytes())
	}
	for i := range b.Len() {
		if w := b.At(i); string(w.Value) != "00009999" || w.Time != 9999 || w.Key[1] != byte(i) {
			t.Errorf("write %d: %+v", i, w)
		}
	}
}
