package statetest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/millrace-io/millrace/state"
)

// benchKeys is how many entries the benchmarked store has, with keys of about
// 12 bytes and values of 16, as a count per word has them.
const benchKeys = 100_000

// Benchmark measures Get of a key that is there, Apply of 1,000 updates, and a
// Scan of everything, on a store of 100,000 entries.
func Benchmark(b *testing.B, newBackend func(b *testing.B) state.Backend) {
	db, err := newBackend(b).Open(b.Context(), state.Options{App: app})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	s, err := db.Store(id(0))
	if err != nil {
		b.Fatal(err)
	}
	keys := make([][]byte, benchKeys)
	all := &state.Batch{}
	value := []byte("8 bytes8 bytes..")
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "word-%07d", i)
		all.Set(keys[i], value, 0)
	}
	if err := s.Load(all, at(0)); err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })

	b.Run("get", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for i := 0; b.Loop(); i++ {
			var ok bool
			if buf, ok, err = s.Get(buf[:0], keys[i%len(keys)]); err != nil || !ok {
				b.Fatal(ok, err)
			}
		}
	})
	b.Run("apply 1000 of 100000", func(b *testing.B) {
		b.ReportAllocs()
		batch := &state.Batch{}
		for i := 0; b.Loop(); i++ {
			batch.Reset()
			for range 1000 {
				batch.Set(keys[random.IntN(len(keys))], value, 0)
			}
			if err := s.Apply(batch, at(int64(i))); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/update")
	})
	b.Run("scan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c := s.Scan(nil, nil, false)
			n := 0
			for c.Next() {
				n++
			}
			if err := c.Close(); err != nil || n != benchKeys {
				b.Fatal(n, err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchKeys, "ns/entry")
	})
}
