package changelog

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/state"
)

func sample(b *state.Batch, prefix string) {
	b.Set([]byte("a"), []byte(prefix+"one"), 7)
	b.Delete([]byte("b"), 8)
	b.Set([]byte("c"), []byte(prefix), 9)
}

// appendAll appends the records for all writes of a batch.
func appendAll(w *Writer, dst []kgo.Record, b *state.Batch) (_ []kgo.Record, err error) {
	for i := range b.Len() {
		if dst, err = w.Append(dst, b.At(i)); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func TestWriterStripsTheTimeOfTimestampedValues(t *testing.T) {
	for format, prefix := range map[state.Format]string{state.Timestamped: "\x00\x00\x00\x00\x00\x00\x00\x07", state.Plain: ""} {
		var b state.Batch
		sample(&b, prefix)
		w := Writer{Topic: "log", Partition: 3, Format: format}
		got, err := appendAll(&w, nil, &b)
		if err != nil {
			t.Fatal(err)
		}
		want := []kgo.Record{
			{Topic: "log", Partition: 3, Key: []byte("a"), Value: []byte("one"), Timestamp: time.UnixMilli(7)},
			{Topic: "log", Partition: 3, Key: []byte("b"), Timestamp: time.UnixMilli(8)},
			{Topic: "log", Partition: 3, Key: []byte("c"), Value: []byte{}, Timestamp: time.UnixMilli(9)},
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(kgo.RecordAttrs{})); diff != "" {
			t.Errorf("format %d: %s", format, diff)
		}
	}
}

func TestWriterRefusesValuesWithoutTime(t *testing.T) {
	var b state.Batch
	b.Set([]byte("a"), []byte("short"), 7)
	w := Writer{Topic: "log"}
	if _, err := appendAll(&w, nil, &b); err == nil {
		t.Error("accepted")
	}
}

func TestWriterDoesNotAllocatePerRecord(t *testing.T) {
	var b state.Batch
	for range 100 {
		b.Set([]byte("key"), []byte("01234567value"), 1)
	}
	w := Writer{Topic: "log"}
	records := make([]kgo.Record, 0, 100)
	if n := testing.AllocsPerRun(10, func() { records, _ = appendAll(&w, records[:0], &b) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func TestAckedIsBehindTheHighestOffset(t *testing.T) {
	var a Acked
	if _, ok := a.Next(); ok {
		t.Error("something acknowledged in the zero value")
	}
	var wg sync.WaitGroup
	for i := range int64(4) {
		wg.Go(func() {
			for o := range int64(100) {
				a.Note(4*o + i)
			}
		})
	}
	wg.Wait()
	if next, ok := a.Next(); !ok || next != 400 {
		t.Errorf("next %d %t, want 400", next, ok)
	}
	a.Reset()
	a.Note(0)
	if next, ok := a.Next(); !ok || next != 1 {
		t.Errorf("next %d %t, want 1", next, ok)
	}
}

// What the Writer writes, a restore reads back: bytes, times and position.
func TestWhatIsWrittenIsRestored(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		l := newLog(t, b, 2, nil)
		var batch state.Batch
		sample(&batch, "\x00\x00\x00\x00\x00\x00\x00\x07")
		w := Writer{Topic: l.topic, Partition: 1}
		records, err := appendAll(&w, nil, &batch)
		if err != nil {
			t.Fatal(err)
		}
		var acked Acked
		cl := l.writer()
		l.begin(cl)
		for i := range records {
			cl.Produce(deadline(t), &records[i], func(r *kgo.Record, err error) {
				if err != nil {
					t.Error(err)
					return
				}
				acked.Note(r.Offset)
			})
		}
		if err := cl.Flush(deadline(t)); err != nil {
			t.Fatal(err)
		}
		l.end(cl, kgo.TryCommit)
		if next, _ := acked.Next(); next != 3 {
			t.Errorf("acknowledged up to %d, want 3", next)
		}
		s := newStore(t)
		q := l.request(s)
		q.Partition, q.Format = 1, state.Timestamped
		if _, err := l.restorer(Options{}).Restore(deadline(t), q); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(rows{"a": "one@7", "c": "@9"}, timed(t, s)); diff != "" {
			t.Error(diff)
		}
	})
}

// Kafka Streams knows the layout of a value by its header. A null has none.
func TestWriterSaysWhichLayoutEntriesOfBuffersHave(t *testing.T) {
	var b state.Batch
	b.Set([]byte("\x01a"), []byte("one00000007"), 7)
	b.Set([]byte("\x0000000000a"), nil, 7)
	b.Delete([]byte("\x01b"), 8)
	w := Writer{Topic: "log", Format: state.Buffers}
	got, err := appendAll(&w, nil, &b)
	if err != nil {
		t.Fatal(err)
	}
	want := []kgo.Record{
		{Topic: "log", Key: []byte("a"), Value: []byte("one00000007"), Timestamp: time.UnixMilli(7), Headers: []kgo.RecordHeader{{Key: "v", Value: []byte{3}}}},
		{Topic: "log", Key: []byte("b"), Timestamp: time.UnixMilli(8)},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(kgo.RecordAttrs{})); diff != "" {
		t.Error(diff)
	}
}
