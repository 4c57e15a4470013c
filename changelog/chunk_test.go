package changelog

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/state"
)

// got is a record as a chunk gives it.
type got struct {
	Offset, Ms int64
	Key, Value []byte // nil is null
}

func (c *chunk) all(pos int64) (records []got, err error) {
	err = c.each(pos, func(offset int64, w state.Write) error {
		if w.Delete != (w.Value == nil) {
			panic("a deletion with a value")
		}
		records = append(records, got{offset, w.Time, bytes.Clone(w.Key), bytes.Clone(w.Value)})
		return nil
	})
	return records, err
}

// seal puts length and checksum into a batch.
func seal(b []byte) []byte {
	binary.BigEndian.PutUint32(b[atLength:], uint32(len(b)-atLength-4))
	binary.BigEndian.PutUint32(b[atCRC:], crc32.Checksum(b[atAttributes:], castagnoli))
	return b
}

// encode makes a record batch. Records have their offset and time deltas.
func encode(t testing.TB, codec kgo.CompressionCodec, b kmsg.RecordBatch, records []kmsg.Record) []byte {
	var raw []byte
	for _, r := range records {
		body := r.AppendTo(nil)[1:] // without a length, which is one byte for 0
		raw = append(binary.AppendVarint(raw, int64(len(body))), body...)
	}
	if c, err := kgo.DefaultCompressor(codec); err != nil {
		t.Fatal(err)
	} else if c != nil {
		var id kgo.CompressionCodecType
		raw, id = c.Compress(new(bytes.Buffer), raw)
		raw = bytes.Clone(raw)
		b.Attributes |= int16(id)
	}
	b.Magic, b.NumRecords, b.Records = 2, int32(len(records)), raw
	return seal(b.AppendTo(nil))
}

// drawnLog is a log with transactions, as a fetch finds it.
type drawnLog struct {
	batches []byte
	aborted []kmsg.FetchResponseTopicPartitionAbortedTransaction
	end     int64
}

func drawLog(t *rapid.T, tb testing.TB) (l drawnLog) {
	text := rapid.Custom(func(t *rapid.T) []byte {
		if rapid.IntRange(0, 3).Draw(t, "null") == 0 {
			return nil
		}
		return rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "bytes")
	})
	began := map[int64]int64{} // open transactions
	for range rapid.IntRange(0, 12).Draw(t, "batches") {
		l.end += int64(rapid.IntRange(0, 3).Draw(t, "hole"))
		b := kmsg.RecordBatch{
			FirstOffset: l.end, ProducerID: int64(rapid.IntRange(0, 3).Draw(t, "producer")),
			FirstTimestamp: int64(rapid.IntRange(-1, 1<<40).Draw(t, "first time")),
			MaxTimestamp:   int64(rapid.IntRange(-1, 1<<40).Draw(t, "last time")),
		}
		start, open := began[b.ProducerID]
		if open && rapid.Bool().Draw(t, "marker") {
			kind := byte(rapid.IntRange(0, 1).Draw(t, "committed"))
			if kind == 0 {
				a := kmsg.NewFetchResponseTopicPartitionAbortedTransaction()
				a.ProducerID, a.FirstOffset = b.ProducerID, start
				l.aborted = append(l.aborted, a)
			}
			delete(began, b.ProducerID)
			b.Attributes = transactional | control
			l.batches = append(l.batches, encode(tb, kgo.NoCompression(), b, []kmsg.Record{{Key: []byte{0, 0, 0, kind}, Value: []byte{0, 0, 0, 0, 0, 0}}})...)
			l.end++
			continue
		}
		if open || rapid.Bool().Draw(t, "transactional") {
			b.Attributes |= transactional
			if !open {
				began[b.ProducerID] = b.FirstOffset
			}
		}
		if rapid.IntRange(0, 3).Draw(t, "append time") == 0 {
			b.Attributes |= appendTime
		}
		var records []kmsg.Record
		for range rapid.IntRange(0, 8).Draw(t, "records") { // none: the cleaner was here
			b.LastOffsetDelta += int32(rapid.IntRange(0, 100).Draw(t, "compacted"))
			r := kmsg.Record{
				TimestampDelta64: int64(rapid.IntRange(-1000, 1<<41).Draw(t, "time")),
				OffsetDelta:      b.LastOffsetDelta, Key: text.Draw(t, "key"), Value: text.Draw(t, "value"),
			}
			if rapid.IntRange(0, 3).Draw(t, "headers") == 0 {
				r.Headers = []kmsg.Header{{Key: "h", Value: text.Draw(t, "header")}, {Key: ""}}
			}
			records = append(records, r)
			b.LastOffsetDelta++
		}
		codec := kgo.NoCompression()
		if len(records) > 0 {
			b.LastOffsetDelta--
			codec = rapid.SampledFrom([]kgo.CompressionCodec{codec, kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()}).Draw(t, "codec")
		}
		b.LastOffsetDelta += int32(rapid.IntRange(0, 3).Draw(t, "compacted end"))
		l.batches = append(l.batches, encode(tb, codec, b, records)...)
		l.end += int64(b.LastOffsetDelta) + 1
	}
	// What is still open when the fetch comes is behind its last stable offset:
	// here it aborts later.
	for id, start := range began {
		a := kmsg.NewFetchResponseTopicPartitionAbortedTransaction()
		a.ProducerID, a.FirstOffset = id, start
		l.aborted = append(l.aborted, a)
	}
	return l
}

// Whatever a log has and wherever a fetch begins and is cut off, a chunk has the
// records that the client would make of it, and goes on where the client would.
func TestChunksAreWhatTheClientReads(t *testing.T) {
	records := 0
	rapid.Check(t, func(r *rapid.T) {
		l := drawLog(r, t)
		pos := rapid.Int64Range(0, l.end+2).Draw(r, "from")
		cut := rapid.IntRange(0, len(l.batches)).Draw(r, "length")
		if rapid.Bool().Draw(r, "whole") {
			cut = len(l.batches)
		}
		rp := &kmsg.FetchResponseTopicPartition{RecordBatches: l.batches[:cut], AbortedTransactions: l.aborted}
		reader := newReader(nil, partition{})
		read, wantNext, err := reader.readCommitted(pos, rp)
		if err != nil {
			r.Fatal(err)
		}
		var want []got
		for _, k := range read {
			want = append(want, got{k.Offset, k.Timestamp.UnixMilli(), k.Key, k.Value})
		}
		c, err := reader.readChunk(pos, rp)
		if err != nil {
			r.Fatal(err)
		}
		have, err := c.all(pos)
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(want, have); diff != "" {
			r.Error("records (-client +chunk):\n" + diff)
		}
		if c.next != wantNext {
			r.Errorf("next position %d, the client's is %d", c.next, wantNext)
		}
		records += len(have)
	})
	if records < 100 {
		t.Errorf("%d records: this tests nothing", records)
	}
}

func oneBatch(t testing.TB, first int64) []byte {
	return encode(t, kgo.NoCompression(), kmsg.RecordBatch{FirstOffset: first}, []kmsg.Record{{Key: []byte("a"), Value: []byte("1")}})
}

func TestAWrongChecksumSparesTheBatchesBefore(t *testing.T) {
	good, bad := oneBatch(t, 5), oneBatch(t, 6)
	bad[len(bad)-2] ^= 1
	r := newReader(nil, partition{})
	c, err := r.readChunk(5, &kmsg.FetchResponseTopicPartition{RecordBatches: append(good, bad...)})
	if err != nil || c.next != 6 {
		t.Fatalf("next %d, %v", c.next, err)
	}
	if records, err := c.all(5); err != nil || len(records) != 1 {
		t.Errorf("%v, %v", records, err)
	}
	if c, err = r.readChunk(6, &kmsg.FetchResponseTopicPartition{RecordBatches: bad}); err == nil || c.next != 6 {
		t.Errorf("next %d, %v", c.next, err)
	}
}

// A topic that was written before Kafka 0.11 has messages instead of batches.
func TestMessagesOfOldFormats(t *testing.T) {
	m := kmsg.MessageV1{Offset: 7, Magic: 1, Timestamp: 1234, Key: []byte("a"), Value: []byte("1")}
	raw := m.AppendTo(nil)
	binary.BigEndian.PutUint32(raw[8:], uint32(len(raw)-12))
	binary.BigEndian.PutUint32(raw[12:], crc32.ChecksumIEEE(raw[16:]))
	c, err := newReader(nil, partition{}).readChunk(7, &kmsg.FetchResponseTopicPartition{RecordBatches: append(raw, oneBatch(t, 8)...)})
	if err != nil || c.next != 9 {
		t.Fatalf("next %d, %v", c.next, err)
	}
	records, err := c.all(7)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]got{{7, 1234, []byte("a"), []byte("1")}, {8, 0, []byte("a"), []byte("1")}}, records); diff != "" {
		t.Error(diff)
	}
}

// FuzzRecordBatch reads batches with the right length and checksum and anything
// else in them.
func FuzzRecordBatch(f *testing.F) {
	for _, codec := range []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()} {
		f.Add(encode(f, codec, kmsg.RecordBatch{FirstOffset: 3, Attributes: transactional, LastOffsetDelta: 1}, []kmsg.Record{
			{Key: []byte("a"), Value: []byte("1")}, {OffsetDelta: 1, Key: []byte("b"), Headers: []kmsg.Header{{Key: "h"}}},
		}))
	}
	f.Add(encode(f, kgo.NoCompression(), kmsg.RecordBatch{Attributes: transactional | control}, []kmsg.Record{{Key: []byte{0, 0, 0, 0}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < atRecords {
			return
		}
		b = bytes.Clone(b)
		b[atMagic] = 2
		aborted := kmsg.NewFetchResponseTopicPartitionAbortedTransaction()
		c, err := newReader(nil, partition{}).readChunk(0, &kmsg.FetchResponseTopicPartition{
			RecordBatches: seal(b), AbortedTransactions: []kmsg.FetchResponseTopicPartitionAbortedTransaction{aborted},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.all(0)
	})
}
