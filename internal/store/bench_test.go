package store_test

import (
	"encoding/binary"
	"strconv"
	"testing"

	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

func names(n int) []string {
	ks := make([]string, n)
	for i := range ks {
		ks[i] = "word-" + strconv.Itoa(i)
	}
	return ks
}

func counts(ks []string) *store.KeyValue[string, int64] {
	b := &base{}
	for _, k := range ks {
		b.m.Set(k, string(binary.BigEndian.AppendUint64(nil, 1))+string(binary.BigEndian.AppendUint64(nil, 1)))
	}
	return open(b, number{})
}

// count does to a store what Count does for one record.
func count(t testing.TB, s *store.KeyValue[string, int64], key string) {
	s.Mark()
	n, _, err := s.Get(key)
	if err == nil {
		err = s.Put(key, n+1)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestHitsDoNotAllocate(t *testing.T) {
	ks := names(100)
	s := counts(ks)
	var b state.Batch
	seq := uint64(0)
	transaction := func() {
		for _, k := range ks {
			count(t, s, k)
		}
		b.Reset()
		seq++
		if err := s.Freeze(seq, &b); err != nil {
			t.Fatal(err)
		}
		s.Applied(seq - 1) // the one before: two overlap
	}
	for range 4 {
		transaction()
	}
	for name, f := range map[string]func(){
		"get":         func() { _, _, _ = s.Get(ks[7]) },
		"put":         func() { _ = s.Put(ks[7], 1) },
		"count":       func() { count(t, s, ks[7]) },
		"undo":        func() { count(t, s, ks[7]); s.Undo() },
		"transaction": transaction,
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkGetHit(b *testing.B) {
	ks := names(1000)
	s := counts(ks)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, _, _ = s.Get(ks[i%len(ks)])
	}
}

func BenchmarkPutHitOneKey(b *testing.B) {
	s := counts(nil)
	b.ReportAllocs()
	for b.Loop() {
		s.Mark()
		_ = s.Put("word", 1)
	}
}

// BenchmarkCount is a transaction every 10,000 records, over 100,000 keys.
func BenchmarkCount(b *testing.B) {
	ks := names(100_000)
	s := counts(ks)
	var batch state.Batch
	seq := uint64(0)
	for _, k := range ks {
		_, _, _ = s.Get(k)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		count(b, s, ks[(i*7919)%len(ks)])
		if i%10_000 == 0 {
			seq++
			batch.Reset()
			_ = s.Freeze(seq, &batch)
			s.Applied(seq)
		}
	}
}

// BenchmarkCountNewKeys meets every key for the first time and forgets it after
// 10,000 others.
func BenchmarkCountNewKeys(b *testing.B) {
	s := counts(nil)
	var batch state.Batch
	var key []byte
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		key = strconv.AppendInt(append(key[:0], "word-"...), int64(i), 10)
		count(b, s, string(key))
		if i%10_000 == 0 {
			batch.Reset()
			_ = s.Freeze(uint64(i), &batch)
			s.Applied(uint64(i))
			s.Evict(0)
		}
	}
}

func BenchmarkFreeze10000(b *testing.B) {
	ks := names(10_000)
	s := counts(ks)
	var batch state.Batch
	seq := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for _, k := range ks {
			count(b, s, k)
		}
		batch.Reset()
		seq++
		b.StartTimer()
		_ = s.Freeze(seq, &batch)
		s.Applied(seq)
	}
}

func BenchmarkScanSmallRange(b *testing.B) {
	ks := names(10_000)
	s := counts(nil)
	for _, k := range ks {
		count(b, s, k)
	}
	b.ReportAllocs()
	for b.Loop() {
		for range s.Range("word-5000", "word-5001") {
		}
	}
}
