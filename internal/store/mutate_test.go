package store_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// A user may do as they like with what they put and got: nothing that is
// committed, frozen, old or scanned changes.
func TestMutatedSlicesChangeNothing(t *testing.T) {
	for name, vs := range map[string]serde.Serde[[]byte]{"encoded": list{}, "cloned": cloned{}} {
		t.Run(name, func(t *testing.T) {
			b := &base{}
			b.m.Set("base", timed(1, "\x02\x01\x01"))
			s := open(b, vs)
			spoiled := func(key string) []byte {
				v, _, err := s.Get(key)
				do(t, err)
				was := slices.Clone(v)
				clear(v)
				return was
			}
			for range 2 {
				same(t, spoiled("base"), []byte{1, 1})
			}
			mine := []byte{2, 2}
			do(t, s.Put("mine", mine))
			clear(mine)
			for range 2 {
				same(t, spoiled("mine"), []byte{2, 2})
			}
			for _, v := range s.All() {
				clear(v)
			}
			var first state.Batch
			do(t, s.Freeze(1, &first))
			same(t, writes(&first), []string{"mine=" + timed(0, "\x02\x02\x02") + "@0"})

			// In place, as an aggregator does it, then undone.
			s.Mark()
			v, _, err := s.Get("mine")
			do(t, err)
			v[0] = 3
			do(t, s.Put("mine", v))
			v[1] = 3
			same(t, spoiled("mine"), []byte{3, 2})
			same(t, writes(&first), []string{"mine=" + timed(0, "\x02\x02\x02") + "@0"})
			s.Undo()
			same(t, spoiled("mine"), []byte{2, 2})
		})
	}
}

func TestMutatedMapsChangeNothing(t *testing.T) {
	for name, vs := range map[string]serde.Serde[map[string]int]{"encoded": tallies{}, "cloned": clonedTallies{}} {
		t.Run(name, func(t *testing.T) {
			s := open(&base{}, vs)
			mine := map[string]int{"x": 1}
			do(t, s.Put("k", mine))
			mine["x"] = 2
			for range 2 {
				v, _, err := s.Get("k")
				do(t, err)
				same(t, v, map[string]int{"x": 1})
				v["x"] = 3
			}
			same(t, freeze(t, s, 1), []string{"k=" + timed(0, "x\x01") + "@0"})
		})
	}
}

// tallies encodes maps of letters to small numbers.
type tallies struct{}

func (tallies) Append(dst []byte, v map[string]int) ([]byte, error) {
	for _, k := range slices.Sorted(maps.Keys(v)) {
		dst = append(dst, k[0], byte(v[k]))
	}
	return dst, nil
}

func (tallies) Decode(b []byte) (map[string]int, error) {
	m := map[string]int{}
	for ; len(b) > 1; b = b[2:] {
		m[string(b[:1])] = int(b[1])
	}
	return m, nil
}

type clonedTallies struct{ tallies }

func (clonedTallies) Clone(v map[string]int) map[string]int { return maps.Clone(v) }
