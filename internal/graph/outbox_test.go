package graph

import "testing"

// An empty key or value is no null, even before the outbox has any memory.
func TestOutboxTellsEmptyFromNull(t *testing.T) {
	var o Outbox
	o.Add(o.Slab(), "t", -1, 0, -1, &Meta{})
	o.Add(o.Slab(), "t", -1, -1, 0, &Meta{})
	for i, want := range []struct{ key, value bool }{{true, false}, {false, true}} {
		if key, value := o.Key(i) != nil, o.Value(i) != nil; key != want.key || value != want.value {
			t.Errorf("record %d has a key: %v, a value: %v", i, key, value)
		}
	}
}
