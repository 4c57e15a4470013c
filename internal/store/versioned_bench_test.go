package store_test

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

// versionedOf is a view of n keys with ten versions each, 1 s apart, over the
// backend in memory, and what commits a transaction of it.
func versionedOf(b *testing.B, n int) (s *store.Versioned[string, int64], keys []string, commit func()) {
	db, err := state.Memory().Open(b.Context(), state.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	base, err := db.Store(state.ID{Name: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	s = store.NewVersioned(base, text{}, number{}, store.Options{Name: "bench", History: 10 * time.Second})
	seq, batch := uint64(0), &state.Batch{}
	commit = func() {
		seq++
		batch.Reset()
		if err := s.Freeze(seq, batch); err != nil {
			b.Fatal(err)
		}
		if err := base.Apply(batch, state.Position{}); err != nil {
			b.Fatal(err)
		}
		s.Applied(seq)
	}
	keys = names(n)
	for i := range int64(10) {
		for _, k := range keys {
			if _, err := s.Put(k, i, i*1000); err != nil {
				b.Fatal(err)
			}
		}
		commit()
	}
	b.ReportAllocs()
	b.ResetTimer()
	return s, keys, commit
}

// Each operation is one record, a commit follows every thousand.
func BenchmarkVersionedPut(b *testing.B) {
	s, keys, commit := versionedOf(b, 1000)
	for i := 0; b.Loop(); i++ {
		s.Mark()
		_, _ = s.Put(keys[i%len(keys)], 1, 10_000+int64(i))
		if i%1000 == 999 {
			commit()
			s.Evict(1 << 20)
		}
	}
}

func BenchmarkVersionedGetNewest(b *testing.B) {
	s, keys, _ := versionedOf(b, 1000)
	for i := 0; b.Loop(); i++ {
		_, _, _, _ = s.Get(keys[i%len(keys)])
	}
}

func BenchmarkVersionedGetAsOf(b *testing.B) {
	s, keys, _ := versionedOf(b, 1000)
	for i := 0; b.Loop(); i++ {
		_, _, _, _ = s.GetAsOf(keys[i%len(keys)], 4500)
	}
}

// The newest version of keys of which nothing is in memory.
func BenchmarkVersionedGetCold(b *testing.B) {
	s, keys, _ := versionedOf(b, 1000)
	for i := 0; b.Loop(); i++ {
		if i%1000 == 0 {
			s.Evict(0)
		}
		_, _, _, _ = s.Get(keys[i%len(keys)])
	}
}

// A freeze of one row with a slice of a sweep in which nothing has expired.
func BenchmarkSweepSlice(b *testing.B) {
	var now, streamTime int64 = 0, 5
	base := &base{}
	for _, k := range names(100_000) {
		base.m.Set(k, timed(4, ""))
	}
	db, err := state.Memory().Open(b.Context(), state.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	mem, err := db.Store(state.ID{Name: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	var batch state.Batch
	base.m.Scan(func(k, v string) bool { batch.Set([]byte(k), []byte(v), 0); return true })
	if err := mem.Apply(&batch, state.Position{}); err != nil {
		b.Fatal(err)
	}
	s := store.NewKeyValue(mem, text{}, list{}, store.Options{Name: "bench", Now: &now, StreamTime: &streamTime, TTL: time.Hour})
	for seq := uint64(1); b.Loop(); seq++ {
		batch.Reset()
		if err := s.Freeze(seq, &batch); err != nil {
			b.Fatal(err)
		}
		s.Applied(seq)
		if seq%97 == 0 {
			s.Discard() // a round has ended: the next one is due at once
		}
	}
}
