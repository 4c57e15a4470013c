package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// What a record of a sliding window costs the store: a search for the windows of
// its key near it, and two rows. It is to be the same whatever windows other keys
// have, each of which begins in a millisecond of its own.
func BenchmarkSlidingRecord(b *testing.B) {
	const size = 100_000 // ms
	for _, others := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("others=%d", others), func(b *testing.B) {
			db, err := state.Memory().Open(b.Context(), state.Options{})
			if err != nil {
				b.Fatal(err)
			}
			base, err := db.Store(state.ID{Name: "rows"})
			if err != nil {
				b.Fatal(err)
			}
			s := store.NewWindowByKey(base, serde.String, serde.Int64, store.Options{
				Name: "rows", Format: state.WindowsByKey, Retention: 2 * size * time.Millisecond, End: func(start int64) int64 { return start + size },
			})
			var batch state.Batch
			seq := uint64(0)
			commit := func() {
				seq++
				batch.Reset()
				if err := s.Freeze(seq, &batch); err != nil {
					b.Fatal(err)
				}
				if err := base.Apply(&batch, state.Position{}); err != nil {
					b.Fatal(err)
				}
				s.Applied(seq)
				s.Evict(1 << 20)
			}
			put := func(key string, start int64) {
				if ok, err := s.PutWithTime(key, 1, start, start); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
			for i := range others {
				put(fmt.Sprintf("key %06d", i), int64(i))
			}
			commit()
			at, seen := int64(size), 0
			b.ReportAllocs()
			for b.Loop() {
				s.Mark()
				seen = 0
				err := s.Times("key 000050", at-2*size, at+1, true, func(start, _ int64) bool {
					seen++
					return start+size >= at && seen < 5
				})
				if err != nil {
					b.Fatal(err)
				}
				put("key 000050", at-size)
				put("key 000050", at+1)
				if at++; at%1000 == 0 {
					commit()
				}
			}
		})
	}
}
