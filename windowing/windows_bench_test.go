package windowing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/state/lsm"
)

// newWindows is a store on disk of windows of ten seconds.
func newWindows(b *testing.B) (*store.Window[string, int64], state.Store) {
	b.Helper()
	base := openBase(b, lsm.Dir(b.TempDir()))
	return store.NewWindow(base, serde.String, serde.Int64, store.Options{
		Name: "rows", Retention: time.Minute, End: func(startMs int64) int64 { return startMs + 10_000 },
	}), base
}

// BenchmarkWindowsOfOthers is what a record costs in windows on disk, one or ten
// of them, by how many live windows other keys have: it should not grow with
// them.
func BenchmarkWindowsOfOthers(b *testing.B) {
	for name, overlap := range map[string]int64{"tumbling": 1, "hopping": 10} {
		for _, others := range []int{1_000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", name, others), func(b *testing.B) {
				s, base := newWindows(b)
				put := func(key string, startMs int64) {
					n, _, err := s.Get(key, startMs)
					if err == nil {
						_, err = s.Put(key, n+1, startMs)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				for i := range others {
					put(fmt.Sprint("other", i), int64(i%10)*1000)
				}
				commit(b, s, base, 1)
				keys := make([]string, 1000)
				for i := range keys {
					keys[i] = fmt.Sprint("key", i)
				}
				for i := 0; b.Loop(); i++ {
					s.Mark()
					for w := range overlap {
						put(keys[i%len(keys)], w*1000)
					}
					if i%10_000 == 9_999 {
						commit(b, s, base, i)
					}
				}
			})
		}
	}
}

// BenchmarkExpiry is what it costs to let go of ten million windows at once.
func BenchmarkExpiry(b *testing.B) {
	const windows = 10_000_000
	for b.Loop() {
		b.StopTimer()
		s, base := newWindows(b)
		for i := range windows {
			if _, err := s.Put(fmt.Sprintf("key%07d", i), 1, int64(i%10)*1000); err != nil {
				b.Fatal(err)
			}
			if i%100_000 == 99_999 {
				commit(b, s, base, i)
			}
		}
		b.StartTimer()
		if _, err := s.Put("last", 1, time.Hour.Milliseconds()); err != nil {
			b.Fatal(err)
		}
		commit(b, s, base, windows)
		if _, ok, err := s.Get("key0000001", 1000); ok || err != nil {
			b.Fatal("it is still there", err)
		}
	}
}
