package graph

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/processor"
)

// An empty key or value is no null, even before the outbox has any memory.
func TestOutboxTellsEmptyFromNull(t *testing.T) {
	var o Outbox
	o.Add(o.Slab(), "t", -1, 0, -1, &Meta{})
	o.Add(o.Slab(), "t", -1, -1, 0, &Meta{})
	for i, want := range []struct{ key, value bool }{{true, false}, {false, true}} {
		if key, value := o.Key(i) != nil, o.Value(i) != nil; key != want.key || value != want.value {
			t.Errorf("record %d has a key: %v, a value: %v", i, key, value)
		}
	}
}

// outModel is a record as it was added.
type outModel struct {
	topic      string
	key, value []byte // nil is a null
	partition  int32
	time       int64
	headers    []processor.Header
}

// boxModel is what an outbox should have; records before freed may be gone.
type boxModel struct {
	box     Outbox
	records []outModel
	freed   int
	bytes   int // those that values share once
}

// TestOutboxModel compares outboxes that share memory with slices: what one gives
// back must not be in use by the others.
func TestOutboxModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		boxes := make([]boxModel, 3)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			b := &boxes[rapid.IntRange(0, len(boxes)-1).Draw(t, "box")]
			switch n := rapid.IntRange(0, 9).Draw(t, "step"); {
			case n < 6:
				b.add(t)
			case n == 6:
				mark, records, bytes := b.box.Mark(), b.records, b.bytes
				b.add(t)
				b.box.Rollback(mark)
				b.records, b.bytes = records, bytes
			case n == 7:
				b.freed = rapid.IntRange(b.freed, len(b.records)).Draw(t, "free")
				b.box.Free(b.freed)
			case n == 8:
				*b, boxes[0] = boxes[0], *b // as a commit takes it
			case n == 9:
				*b = boxModel{box: b.box}
				b.box.Reset()
			}
			for i := range boxes {
				boxes[i].check(t)
			}
		}
	})
}

// add adds records of all sizes, up to some that are larger than a piece.
func (b *boxModel) add(t *rapid.T) {
	if b.freed > 0 {
		return // who frees does not add any more
	}
	size := rapid.SampledFrom([]int{0, 1, 100, 5000, pieceSize, 3 * pieceSize}).Draw(t, "size")
	var end []byte
	var shared int32
	if rapid.IntRange(0, 3).Draw(t, "share") == 0 {
		end = bytes.Repeat([]byte{'e'}, size/2)
		shared = b.box.Share(end)
		b.bytes += len(end)
	}
	nulls, headed := rapid.IntRange(0, 9).Draw(t, "nulls"), rapid.IntRange(0, 4).Draw(t, "headed")
	for i := range rapid.SampledFrom([]int{1, 2, 10, rowsPiece + 1}).Draw(t, "records") / (1 + size/5000) {
		r := outModel{topic: fmt.Sprint("t", size%3), partition: int32(size % 5), time: int64(len(b.records))}
		slab := b.box.Slab()
		keyLen, valLen := -1, -1
		if i%3 > 0 {
			r.key = fmt.Append([]byte{}, "k", len(b.records))
			slab, keyLen = append(slab, r.key...), len(r.key)
		}
		if i%10 != nulls {
			r.value = bytes.Repeat([]byte{byte(len(b.records))}, size)
			slab, valLen = append(slab, r.value...), len(r.value)
		}
		if i%5 == headed {
			r.headers = []processor.Header{{Key: fmt.Sprint(len(b.records))}}
		}
		b.box.Add(slab, r.topic, r.partition, keyLen, valLen, &Meta{Time: r.time, Headers: r.headers})
		if shared > 0 && valLen >= 0 {
			b.box.EndWith(shared)
			r.value = append(r.value, end...)
		}
		b.bytes += max(keyLen, 0) + max(valLen, 0)
		b.records = append(b.records, r)
	}
}

func (b *boxModel) check(t *rapid.T) {
	if b.box.Len() != len(b.records) {
		t.Fatalf("%d records, want %d", b.box.Len(), len(b.records))
	}
	if b.box.Bytes() != b.bytes {
		t.Fatalf("%d bytes, want %d", b.box.Bytes(), b.bytes)
	}
	for i := b.freed; i < len(b.records); i++ {
		want, o := b.records[i], b.box.At(i)
		if o.Topic != want.topic || o.Partition != want.partition || o.Time != want.time {
			t.Fatalf("record %d: %v, want %v", i, o, want)
		}
		for what, pair := range map[string][2][]byte{"key": {b.box.Key(i), want.key}, "value": {b.box.Value(i), want.value}} {
			if got, want := pair[0], pair[1]; (got == nil) != (want == nil) || !bytes.Equal(got, want) {
				t.Fatalf("record %d: %s of %d bytes, want %d", i, what, len(got), len(want))
			}
		}
		if got, want := b.box.Size(i), len(want.key)+len(want.value); got != want {
			t.Fatalf("record %d has the size %d, want %d", i, got, want)
		}
		if got := b.box.Headers(i); len(got) != len(want.headers) || len(got) > 0 && got[0].Key != want.headers[0].Key {
			t.Fatalf("record %d: headers %v, want %v", i, got, want.headers)
		}
	}
}
