package state

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Empty bytes are no null, even before the batch has any memory: a changelog
// takes no null key, and a null value for a delete.
func TestBatchTellsEmptyFromNull(t *testing.T) {
	var b Batch
	b.Set(nil, nil, 1)
	b.Delete(nil, 2)
	if w := b.At(0); w.Key == nil || w.Value == nil || w.Delete {
		t.Errorf("set: %#v", w)
	}
	if w := b.At(1); w.Key == nil || w.Value != nil || !w.Delete {
		t.Errorf("delete: %#v", w)
	}
	var ranges Batch
	ranges.DeleteRange(nil, nil)
	if w := ranges.At(0); w.To == nil {
		t.Errorf("range: %#v", w)
	}
}

func TestClipCopiesWhatTakesLessThanHalf(t *testing.T) {
	var b Batch
	for i := range 100 {
		b.Set([]byte{byte(i)}, []byte("value"), int64(i))
	}
	if _, ok := b.Clip(); ok {
		t.Error("a full batch was copied")
	}
	b.Filter(func(i int) bool { return i == 7 })
	c, ok := b.Clip()
	b.Reset()
	b.Set([]byte("x"), nil, 1) // over what c was copied of
	if !ok || c.Len() != 1 || string(c.At(0).Key) != "\x07" || string(c.At(0).Value) != "value" || c.At(0).Time != 7 {
		t.Errorf("ok %v, %d writes: %+v", ok, c.Len(), c.At(0))
	}
	if _, ok := new(Batch).Clip(); ok {
		t.Error("an empty batch was copied")
	}
}

func TestFilterDropsWritesAndTheirBytes(t *testing.T) {
	var b Batch
	b.Set([]byte("a"), []byte("1"), 1)
	b.Set([]byte("b"), []byte("22"), 2)
	b.DeleteRange([]byte("c"), []byte("d"))
	b.Delete([]byte("e"), 3)
	b.Set([]byte("f"), nil, 4)
	at := 0
	b.Filter(func(i int) bool {
		if i != at {
			t.Errorf("asked for %d instead of %d", i, at)
		}
		at++
		return i != 0 && i != 3
	})
	var want Batch
	want.Set([]byte("b"), []byte("22"), 2)
	want.DeleteRange([]byte("c"), []byte("d"))
	want.Set([]byte("f"), nil, 4)
	if b.Len() != want.Len() || b.Bytes() != want.Bytes() {
		t.Fatalf("%d writes of %d bytes", b.Len(), b.Bytes())
	}
	for i := range want.Len() {
		if diff := cmp.Diff(want.At(i), b.At(i)); diff != "" {
			t.Errorf("write %d: %s", i, diff)
		}
	}
	b.Set([]byte("g"), []byte("3"), 5)
	if w := b.At(3); string(w.Key) != "g" || string(w.Value) != "3" {
		t.Errorf("added after that: %q=%q", w.Key, w.Value)
	}
}
