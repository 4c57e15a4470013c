package store_test

import (
	"testing"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

// BenchmarkUnmatched is what the marks of an outer join cost for each record:
// each is marked, most find a partner half a second later, and the others are
// taken after two seconds.
func BenchmarkUnmatched(b *testing.B) {
	db, err := state.Memory().Open(b.Context(), state.Options{})
	if err != nil {
		b.Fatal(err)
	}
	base, err := db.Store(state.ID{Name: "open"})
	if err != nil {
		b.Fatal(err)
	}
	s := store.NewUnmatched(base, text{}, store.Options{Name: "open"})
	ks := names(100_000)
	const lag = 25_000 // records in half a second
	var batch state.Batch
	at := func(i int) (ms int64, key string) {
		return 1_700_000_000_000 + int64(i)/50, ks[uint64(i)*11400714819323198485>>20%100_000]
	}
	taken := 0
	visit := func(int64, byte, string, int32) error { taken++; return nil }
	i := 0
	step := func() {
		s.Mark()
		ms, key := at(i)
		err := s.Take([2]int64{ms - 2000, ms - 2000}, visit)
		if err == nil {
			err = s.Put(ms, 0, key, 0)
		}
		if i >= lag && i%3 > 0 && err == nil {
			ms, key := at(i - lag)
			err = s.Delete(ms, 0, key, 0)
		}
		if err != nil {
			b.Fatal(err)
		}
		if i++; i%20_000 == 0 {
			batch.Reset()
			err := s.Freeze(uint64(i), &batch)
			if err == nil {
				err = base.Apply(&batch, state.Position{})
			}
			if err != nil {
				b.Fatal(err)
			}
			s.Applied(uint64(i))
			s.Evict(64 << 20)
		}
	}
	for range 200_000 {
		step()
	}
	taken = 0
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(taken)/float64(b.N), "taken/op")
}
