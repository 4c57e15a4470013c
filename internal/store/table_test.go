package store

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// Some keys are there at first, so that parts of the table are nearly full; then
// some come, go and come back.
func TestTableAgreesWithAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{1, 40, 2000}).Draw(t, "keys")
		key := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint("key ", rapid.IntRange(0, n-1).Draw(t, "key")) })
		table, want := newTable[int](), map[string]*entry[int]{}
		toggle := func(k string) {
			if e := want[k]; e != nil {
				table.remove(e)
				delete(want, k)
			} else {
				want[k] = &entry[int]{encodedKey: encodedKey{key: k}}
				table.add(want[k])
			}
		}
		for i := range rapid.IntRange(0, n).Draw(t, "there") {
			toggle(fmt.Sprint("key ", i))
		}
		for _, k := range rapid.SliceOfN(key, 0, 3*n).Draw(t, "toggled") {
			toggle(k)
		}
		for i := range n {
			k := fmt.Sprint("key ", i)
			if got := table.find([]byte(k)); got != want[k] {
				t.Fatalf("%s: found %p, want %p", k, got, want[k])
			}
		}
		seen := 0
		for range table.all() {
			seen++
		}
		if seen != len(want) {
			t.Fatalf("%d entries, want %d", seen, len(want))
		}
	})
}
