package metrics

import (
	"testing"
	"time"
)

func BenchmarkCounter(b *testing.B) {
	c := &New(wordcount()).Subtopology(1).Processed
	b.ReportAllocs()
	for b.Loop() {
		c.Add(100)
	}
}

func BenchmarkHistogram(b *testing.B) {
	h := New(wordcount()).Subtopology(1).ProcessTime
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h.Observe(time.Duration(i%1000) * time.Microsecond)
	}
}

func BenchmarkTransaction(b *testing.B) {
	r := New(wordcount())
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Transaction(i%5000, time.Duration(i%100)*time.Millisecond)
	}
}

func BenchmarkError(b *testing.B) {
	r := New(wordcount())
	b.ReportAllocs()
	for b.Loop() {
		r.Error("process", "dead_letter")
	}
}

func BenchmarkScrape(b *testing.B) {
	_, reg := registered(b, wordcount())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := reg.Gather(); err != nil {
			b.Fatal(err)
		}
	}
}
