package lsm

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/millrace-io/millrace/state"
)

// randomBytes are 1 kB that cannot be compressed.
func randomBytes(seed int64) []byte {
	b := make([]byte, 1024)
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)}).Read(b)
	return b
}

func TestFiguresOfStores(t *testing.T) {
	d := openDir(t, t.TempDir())
	few, many := openStore(t, d, 0), openStore(t, d, 1)
	fill := func(s state.Store, entries int) {
		b := &state.Batch{}
		for i := range entries {
			b.Set(fmt.Appendf(nil, "%06d", i), randomBytes(int64(i))[:100], 0)
		}
		if err := s.Apply(b, state.Position{}); err != nil {
			t.Fatal(err)
		}
	}
	fill(few, 123)
	fill(many, 20_000)
	fill(many, 20_000) // the same keys again
	if err := d.pebble.Compact(t.Context(), prefix(0), prefix(100), true); err != nil {
		t.Fatal(err)
	}
	if _, _, err := many.Get(nil, []byte("000007")); err != nil { // brings a block into the cache
		t.Fatal(err)
	}
	f := d.Figures()
	if f.MemtableBytes <= 0 || f.BlockCacheBytes <= 0 || len(f.Stores) != 2 {
		t.Fatalf("figures: %+v", f)
	}
	if got := f.Stores[0].Entries; got != 123 {
		t.Errorf("%d entries in the small store, want exactly 123", got)
	}
	if got := f.Stores[1].Entries; got < 15_000 || got > 25_000 {
		t.Errorf("%d entries in the large store, want about 20000", got)
	}
	if got := f.Stores[1].DiskBytes; got < 2_000_000 || got > 5_000_000 {
		t.Errorf("%d bytes of the large store, want 2 to 5 million", got)
	}
}
