package state

import "testing"

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
