package changelog

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/state"
)

// sink is a Store that only notes positions: what is measured is the way there.
type sink struct {
	state.Store
	p  state.Position
	ok bool
}

func (s *sink) Load(_ *state.Batch, p state.Position) error { s.p, s.ok = p, true; return nil }
func (s *sink) Position() (state.Position, bool)            { return s.p, s.ok }

// BenchmarkWriter makes the records of a transaction that has changed 10,000
// keys.
func BenchmarkWriter(b *testing.B) {
	const updates = 10_000
	batch := &state.Batch{}
	for i := range updates {
		batch.Set(fmt.Appendf(nil, "word-%07d", i), []byte("8 bytes8 bytes.."), int64(i))
	}
	w := &Writer{Topic: "app-counts-changelog"}
	var records []kgo.Record
	var err error
	b.ReportAllocs()
	for b.Loop() {
		if records, err = appendAll(w, records[:0], batch); err != nil || len(records) != updates {
			b.Fatal(len(records), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/updates, "ns/record")
}

// BenchmarkRestore reads 300,000 committed records of 100 bytes over 4
// partitions from kfake in the process, and loads them into memory or nowhere.
func BenchmarkRestore(b *testing.B) {
	const partitions, records = 4, 300_000
	br := kafkatest.Fake(b)
	l := newLog(b, br, partitions, nil)
	cl := l.Client(b, kgo.TransactionalID("bench"), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(kgo.NoCompression()))
	for range 10 {
		l.begin(cl)
		for p := range int32(partitions) {
			l.write(cl, l.many(records/partitions/10, 100, p)...)
		}
		l.end(cl, kgo.TryCommit)
	}
	for _, c := range []struct {
		name  string
		store func() state.Store
	}{
		{"nowhere", func() state.Store { return &sink{Store: newStore(b)} }},
		{"memory", func() state.Store { return newStore(b) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			l := *l
			l.t = b
			for b.Loop() {
				r := l.restorer(Options{})
				done := make(chan outcome, partitions)
				for p := range int32(partitions) {
					q := l.request(c.store())
					q.Partition = p
					go func() {
						res, err := r.Restore(deadline(b), q)
						done <- outcome{res, err}
					}()
				}
				total := int64(0)
				for range partitions {
					o := <-done
					if o.err != nil {
						b.Fatal(o.err)
					}
					total += o.Records
				}
				if total != records {
					b.Fatalf("%d records", total)
				}
			}
			b.ReportMetric(records*float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
