package millrace_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/topology"
)

// anyTime lets a topic take records of any time: brokers from 4.0 on refuse
// those of more than an hour ahead.
var anyTime = []string{"message.timestamp.after.max.ms", fmt.Sprint(int64(math.MaxInt64)), "message.timestamp.before.max.ms", fmt.Sprint(int64(math.MaxInt64))}

// newTimeless is NewTopic with anyTime, which kfake has always.
func newTimeless(t *testing.T, b *kafkatest.Broker) string {
	t.Helper()
	if b.Fake != nil {
		return b.NewTopic(t, 1)
	}
	return b.NewTopic(t, 1, anyTime...)
}

// Times up to the last that the client can write pass through.
func TestEarliestAndLatestTimes(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := newTimeless(t, b), newTimeless(t, b)
		times := []int64{0, 1, 4_102_444_800_000, math.MaxInt64 / 1_000_000}
		for _, ms := range times {
			b.Produce(t, &kgo.Record{Topic: in, Value: []byte("x"), Timestamp: time.UnixMilli(ms)})
		}
		cfg := config(t, b, kafkatest.NewName(t))
		catchUp(t, forward(in, out), cfg)
		var got []int64
		for _, r := range b.ReadCommitted(t, out) {
			got = append(got, r.Timestamp.UnixMilli())
		}
		if diff := cmp.Diff(times, got); diff != "" {
			t.Error(diff)
		}
	})
}

// Times in microseconds, and the highest there is: no plausible time is made of
// them. The record can be skipped, or its time be mended.
func TestTimesAfterTheClientsEnd(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out, dead := newTimeless(t, b), b.NewTopic(t, 1), newTimeless(t, b)
		micros := time.Date(2023, 11, 14, 0, 0, 0, 0, time.UTC).UnixMicro()
		putRaw(t, b, in, micros, []byte("x"))
		cfg := config(t, b, kafkatest.NewName(t))
		isError(t, fails(t, forward(in, out), cfg), processor.Decode, in, 0, 0, fmt.Sprint(micros, " ms"), "year 2262", "Timestamps")

		mend := topology.Timestamps(func(r processor.Record[string, string], _ int64) (int64, error) { return r.Time / 1000, nil })
		catchUp(t, forward(in, out, mend), cfg)
		got := b.ReadCommitted(t, out)
		if len(got) != 1 || got[0].Timestamp.UnixMicro() != micros {
			t.Fatalf("%v", got)
		}

		cfg.AppID = kafkatest.NewName(t)
		cfg.Errors = processor.Policies{Decode: processor.Policy{Then: processor.DeadLetter}, DeadLetterTopic: dead}
		catchUp(t, forward(in, out), cfg)
		expect(t, b, dead, []string{"x"})
	})
}

// putRaw writes a record with any time there is, which the client cannot.
func putRaw(t *testing.T, b *kafkatest.Broker, topic string, ms int64, value []byte) {
	t.Helper()
	r := kmsg.Record{Key: nil, Value: value}
	r.Length = int32(len(r.AppendTo(nil)) - 1)
	batch := kmsg.RecordBatch{
		PartitionLeaderEpoch: -1, Magic: 2, FirstTimestamp: ms, MaxTimestamp: ms, ProducerID: -1, ProducerEpoch: -1,
		FirstSequence: -1, NumRecords: 1, Records: r.AppendTo(nil),
	}
	batch.Length = int32(len(batch.AppendTo(nil)) - 12)
	raw := batch.AppendTo(nil)
	const crcEnd = 21 // the checksum is over what follows it
	binary.BigEndian.PutUint32(raw[crcEnd-4:], crc32.Checksum(raw[crcEnd:], crc32.MakeTable(crc32.Castagnoli)))
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = -1, 10_000
	listed, err := b.Admin(t).ListTopics(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	rt := kmsg.NewProduceRequestTopic()
	rt.Topic, rt.TopicID = topic, listed[topic].ID
	rp := kmsg.NewProduceRequestTopicPartition()
	rp.Records = raw
	rt.Partitions = append(rt.Partitions, rp)
	req.Topics = append(req.Topics, rt)
	cl := b.Client(t)
	resp, err := req.RequestWith(t.Context(), cl.Broker(int(listed[topic].Partitions[0].Leader)))
	if err == nil {
		err = kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A record without a time is an error of class Decode that says what to do, and
// an extractor that returns a negative one drops it.
func TestNegativeTimes(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := newTimeless(t, b), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		b.Produce(t, &kgo.Record{Topic: in, Value: []byte("ok")}, &kgo.Record{Topic: in, Value: []byte("minus"), Timestamp: time.UnixMilli(-1)}, &kgo.Record{Topic: in, Value: []byte("ok")})
		isError(t, fails(t, forward(in, out), cfg), processor.Decode, in, 0, 1, "no timestamp", "Timestamps")
		app := start(t, forward(in, out, topology.Timestamps(func(r processor.Record[string, string], _ int64) (int64, error) { return r.Time, nil })), cfg)
		expect(t, b, out, []string{"ok", "ok"})
		kafkatest.WaitFor(t, "the drop in the status", func() bool { return app.Status().Tasks[0].Dropped["negative_time"] == 1 })
	})
}

// A time that the brokers refuse is no reason to try for ever.
func TestTimeThatBrokersRefuse(t *testing.T) {
	b := kafkatest.Kafka(t)
	in, out := newTimeless(t, b), b.NewTopic(t, 1)
	b.Produce(t, &kgo.Record{Topic: in, Value: []byte("x"), Timestamp: time.Now().Add(1000 * time.Hour)})
	err := fails(t, forward(in, out), config(t, b, kafkatest.NewName(t)))
	if !errors.Is(err, kerr.InvalidTimestamp) {
		t.Error("no INVALID_TIMESTAMP")
	}
	says(t, err, "message.timestamp.after.max.ms", out)
}

// Records near the limit, of keys and values that do not compress, through
// repartition topic, store and changelog.
func TestLargeRecords(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 2), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		cfg.State = lsm.Dir(t.TempDir())
		topo := func() *topology.Builder {
			tb := topology.New()
			s := topology.SelectKey(topology.Stream[string, string](tb, in), func(_, v string) string { return v[:10] })
			longest := topology.Reduce(topology.GroupByKey(s), "longest", func(row, v string) string { return v })
			topology.To(longest.ToStream(), out)
			return tb
		}
		rnd := rand.New(rand.NewPCG(3, 4))
		var want []string
		for i := range 20 {
			v := fmt.Sprintf("%-10d", i%5) + noise(rnd, 900_000)
			want = append(want, v[:100])
			b.Produce(t, &kgo.Record{Topic: in, Key: []byte(fmt.Sprint(i % 5)), Value: []byte(v)})
		}
		catchUp(t, topo(), cfg)
		got := make(map[string][]string)
		for _, v := range values(t, b, out) {
			if len(v) != 900_010 {
				t.Fatalf("%d bytes", len(v))
			}
			got[v[:10]] = append(got[v[:10]], v[:100])
		}
		byKey := make(map[string][]string)
		for _, v := range want {
			byKey[v[:10]] = append(byKey[v[:10]], v)
		}
		if diff := cmp.Diff(byKey, got); diff != "" {
			t.Error(diff)
		}
		cfg.State = nil
		again := start(t, topo(), cfg)
		ready(t, again)
		if again.Totals().Restored == 0 {
			t.Error("nothing restored")
		}
	})
}

// Nulls and empty texts on a stream that is counted: records with a null key or
// value are dropped and counted as such, empty ones are like any other.
func TestNullAndEmptyKeysAndValues(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		tb := topology.New()
		counts := topology.Count(topology.GroupByKey(topology.Stream[string, string](tb, in)), "counts")
		topology.To(counts.ToStream(), out, topology.ValueSerde(serde.DecimalInt64))
		empty, x := []byte{}, []byte("x")
		b.Produce(t, &kgo.Record{Topic: in, Key: x, Value: x}, &kgo.Record{Topic: in, Key: x}, &kgo.Record{Topic: in, Value: x},
			&kgo.Record{Topic: in}, &kgo.Record{Topic: in, Key: empty, Value: x}, &kgo.Record{Topic: in, Key: empty, Value: empty}, &kgo.Record{Topic: in, Key: x, Value: empty})
		app := start(t, tb, config(t, b, kafkatest.NewName(t)))
		expect(t, b, out, []string{"1", "1", "2", "2"})
		var keys []string
		for _, r := range b.ReadCommitted(t, out) {
			if r.Key == nil {
				t.Error("a null key")
			}
			keys = append(keys, string(r.Key))
		}
		if diff := cmp.Diff([]string{"x", "", "", "x"}, keys); diff != "" {
			t.Error(diff)
		}
		dropped := app.Status().Tasks[0].Dropped
		if dropped["null_key"]+dropped["null_value"] != 3 {
			t.Errorf("%v", dropped)
		}
	})
}

func TestManyPartitions(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 50), b.NewTopic(t, 1)
		want := feed(t, b, in, 1000)
		catchUp(t, wordCount(in, out), config(t, b, kafkatest.NewName(t)))
		checkCounts(t, b, out, want)
	})
}

// A record with many headers and a large one keeps them all.
func TestManyHeaders(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		r := &kgo.Record{Topic: in, Value: []byte("x")}
		for i := range 500 {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: fmt.Sprint("h", i%7), Value: []byte(strings.Repeat("v", i))})
		}
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: "null"}, kgo.RecordHeader{Key: "", Value: []byte{}})
		b.Produce(t, r)
		catchUp(t, forward(in, out), config(t, b, kafkatest.NewName(t)))
		got := b.ReadCommitted(t, out)
		if len(got) != 1 {
			t.Fatalf("%d records", len(got))
		}
		if diff := cmp.Diff(r.Headers, got[0].Headers); diff != "" {
			t.Error(diff)
		}
	})
}
