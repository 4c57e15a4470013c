package changelog

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/state"
)

// many returns n records with distinct keys and values of size bytes.
func (l *log) many(n, size int, partition int32) []*kgo.Record {
	value := bytes.Repeat([]byte{'v'}, size)
	records := make([]*kgo.Record, n)
	for i := range records {
		records[i] = &kgo.Record{Topic: l.topic, Partition: partition, Key: fmt.Appendf(nil, "%d/%d", partition, i), Value: value}
	}
	return records
}

// keep switches off retention by age, which kfake applies to compacted topics
// too; Kafka does not.
var keep = map[string]string{"retention.ms": "-1"}

func TestCompactedLog(t *testing.T) {
	b := kafkatest.Fake(t)
	l := newLog(t, b, 1, keep)
	for i := range 20 {
		l.transact(kgo.TryCommit, l.put(fmt.Sprint("k", i%3), fmt.Sprint(i), int64(i)), l.put("gone", "x", 1))
		l.transact(kgo.TryAbort, l.put("k0", "aborted", 1))
	}
	l.transact(kgo.TryCommit, l.put("gone", "", 1)) // older than the retention of tombstones
	l.transact(kgo.TryCommit, l.put("last", "1", 1))
	b.Fake.Compact()
	s := newStore(t)
	res := l.restore(s)
	expectResult(t, res, 4, Kept)
	if res.End != l.highWatermark() || res.End < 80 {
		t.Errorf("result %+v", res)
	}
	expect(t, s, rows{"k0": "18", "k1": "19", "k2": "17", "last": "1"})
}

// Compaction has left only holes and a marker behind the stored position.
func TestCompactedTail(t *testing.T) {
	b := kafkatest.Fake(t)
	l := newLog(t, b, 1, keep)
	l.transact(kgo.TryCommit, l.put("a", "1", 1))
	s := newStore(t)
	l.restore(s)
	for range 5 {
		l.transact(kgo.TryCommit, l.put("b", "", 1)) // expired tombstones
		l.transact(kgo.TryAbort, l.put("a", "aborted", 1))
	}
	b.Fake.Compact()
	expectResult(t, l.restore(s), 0, Kept)
	expect(t, s, rows{"a": "1"})
	if p, _ := s.Position(); p.Next != l.highWatermark() {
		t.Errorf("position %d, want the end", p.Next)
	}
}

// The cleaner of a real broker leaves holes, empty batches and a log start that
// does not move.
func TestLogCompactedByKafka(t *testing.T) {
	l := newLog(t, kafkatest.Kafka(t), 1, map[string]string{
		"segment.ms": "20", "min.cleanable.dirty.ratio": "0.01", "delete.retention.ms": "3600000"})
	for i := range 20 {
		l.transact(kgo.TryCommit, l.put(fmt.Sprint("k", i%3), fmt.Sprint(i), int64(i)), l.put("gone", "x", 1))
		l.transact(kgo.TryAbort, l.put("k0", "aborted", 1))
	}
	l.transact(kgo.TryCommit, l.put("gone", "", 1))
	cl := l.producer()
	kafkatest.WaitFor(t, "the cleaner", func() bool {
		l.write(cl, l.put("last", "1", 1)) // begins a segment, so that older ones can be cleaned
		first, err := NextPosition(deadline(t), cl, l.topic, 0, 0, l.highWatermark())
		return err == nil && first > 60
	})
	s := newStore(t)
	res := l.restore(s)
	if res.Start != 0 || res.End != l.highWatermark() || res.Position != res.End {
		t.Errorf("result %+v", res)
	}
	expect(t, s, rows{"k0": "18", "k1": "19", "k2": "17", "last": "1"})
}

func TestRecreatedTopicIsReadFromItsStart(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		l := newLog(t, b, 1, nil)
		l.transact(kgo.TryCommit, l.put("a", "old", 1))
		s := newStore(t)
		l.restore(s)
		b.DeleteTopic(t, l.topic)
		infos, err := Ensure(deadline(t), b.Client(t), []Topic{{Name: l.topic, Partitions: 1}})
		if err != nil {
			t.Fatal(err)
		}
		old := l.info
		l.info = infos[l.topic]
		l.transact(kgo.TryCommit, l.put("b", "new", 1), l.put("c", "new", 1))
		expectResult(t, l.restore(s), 2, Recreated)
		expect(t, s, rows{"b": "new", "c": "new"})

		// Who still has the old id is told so.
		l.info = old
		_, err = l.restorer(Options{}).Restore(deadline(t), l.request(s))
		var r *RecreatedError
		if !errors.As(err, &r) || r.Topic != l.topic {
			t.Error(err)
		}
	})
}

// pause makes the store of a restore wait at its first Load.
type pause struct {
	state.Store
	reached, goOn chan struct{}
	done          bool
}

func newPause(s state.Store) *pause {
	return &pause{Store: s, reached: make(chan struct{}), goOn: make(chan struct{})}
}

func (p *pause) Load(b *state.Batch, pos state.Position) error {
	if !p.done {
		p.done = true
		close(p.reached)
		<-p.goOn
	}
	return p.Store.Load(b, pos)
}

// wait returns when the restore has come to its first Load.
func (p *pause) wait(t *testing.T, done <-chan outcome) {
	t.Helper()
	select {
	case <-p.reached:
	case o := <-done:
		t.Fatalf("ended before the first Load: %+v", o)
	}
}

func TestTopicRecreatedDuringARestore(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		l := newLog(t, b, 1, nil)
		l.transact(kgo.TryCommit, l.many(1000, 1000, 0)...)
		p := newPause(newStore(t))
		done := l.background(deadline(t), l.restorer(Options{ChunkBytes: 20_000, Memory: 60_000}), l.request(p))
		p.wait(t, done)
		b.DeleteTopic(t, l.topic)
		b.CreateTopic(t, l.topic, 1)
		close(p.goOn)
		var r *RecreatedError
		if o := <-done; !errors.As(o.err, &r) {
			t.Error(o.err)
		}
	})
}

func TestLogStartPassesThePositionDuringARestore(t *testing.T) {
	b := kafkatest.Fake(t)
	l := newLog(t, b, 1, nil)
	l.write(l.producer(), l.many(300, 1000, 0)...)
	p := newPause(newStore(t))
	done := l.background(deadline(t), l.restorer(Options{ChunkBytes: 20_000, Memory: 60_000}), l.request(p))
	p.wait(t, done)
	if err := b.Fake.DeleteRecords(l.topic, 0, 290); err != nil {
		t.Fatal(err)
	}
	close(p.goOn)
	o := <-done
	if o.err != nil {
		t.Fatal(o.err)
	}
	if o.Dropped != OutOfRange || o.Start != 290 || o.Position != 300 {
		t.Errorf("result %+v", o.Result)
	}
	if n := len(contents(t, p)); n != 10 {
		t.Errorf("%d rows, want the 10 that the log still has", n)
	}
}

func TestBrokerCutDuringARestore(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		l := newLog(t, b, 1, nil)
		l.transact(kgo.TryCommit, l.many(2000, 500, 0)...)
		proxy := kafkatest.NewProxy(t, b.Addrs[0])
		r := NewRestorer(b.Client(t, proxy.Option()), Options{ChunkBytes: 20_000, Memory: 60_000})
		t.Cleanup(r.Close)
		p := newPause(newStore(t))
		done := l.background(deadline(t), r, l.request(p))
		p.wait(t, done)
		proxy.Cut()
		close(p.goOn)
		var o outcome
		select {
		case o = <-done:
			t.Fatalf("ended without a broker: %+v", o)
		default:
		}
		proxy.Restore()
		if o = <-done; o.err != nil {
			t.Fatal(o.err)
		}
		expectResult(t, o.Result, 2000, Kept)
		if n := len(contents(t, p)); n != 2000 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestLeaderMovesDuringARestore(t *testing.T) {
	b := kafkatest.Fake(t, kfake.NumBrokers(3))
	l := newLog(t, b, 1, nil)
	l.write(l.producer(), l.many(300, 1000, 0)...)
	moves := 0
	s := newStore(t)
	q := l.request(&everyLoad{s, func() {
		moves++
		next := (b.Fake.LeaderFor(l.topic, 0) + 1) % 3
		if err := b.Fake.MoveTopicPartition(l.topic, 0, next); err != nil {
			t.Error(err)
		}
	}})
	res, err := l.restorer(Options{ChunkBytes: 50_000, Memory: 150_000}).Restore(deadline(t), q)
	if err != nil {
		t.Fatal(err)
	}
	expectResult(t, res, 300, Kept)
	if len(contents(t, s)) != 300 || moves < 5 {
		t.Errorf("%d rows, %d moves", len(contents(t, s)), moves)
	}
}

// everyLoad calls a function before each Load.
type everyLoad struct {
	state.Store
	f func()
}

func (e *everyLoad) Load(b *state.Batch, p state.Position) error {
	e.f()
	return e.Store.Load(b, p)
}

func TestPassingErrorsAreRetried(t *testing.T) {
	b := kafkatest.Fake(t)
	l := newLog(t, b, 1, nil)
	l.transact(kgo.TryCommit, l.put("a", "1", 1))
	var faults []kfake.Fault
	for _, err := range []*kerr.Error{kerr.NotLeaderForPartition, kerr.FencedLeaderEpoch, kerr.UnknownTopicID, kerr.UnknownTopicOrPartition,
		kerr.KafkaStorageError, kerr.UnknownServerError, kerr.OffsetOutOfRange} {
		faults = append(faults, kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: l.topic, Err: err})
	}
	for _, err := range []*kerr.Error{kerr.OffsetNotAvailable, kerr.LeaderNotAvailable} {
		faults = append(faults, kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Topic: l.topic, Err: err})
	}
	h := b.Fake.Fault(faults...)
	s := newStore(t)
	expectResult(t, l.restore(s), 1, Kept)
	if h.Hits() != len(faults) {
		t.Errorf("%d of %d faults came up", h.Hits(), len(faults))
	}
	expect(t, s, rows{"a": "1"})
}

func TestMissingRightsEndTheRestore(t *testing.T) {
	b := kafkatest.Fake(t)
	l := newLog(t, b, 1, nil)
	l.transact(kgo.TryCommit, l.put("a", "1", 1))
	b.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.TopicAuthorizationFailed, Count: -1})
	_, err := l.restorer(Options{}).Restore(deadline(t), l.request(newStore(t)))
	if !errors.Is(err, kerr.TopicAuthorizationFailed) {
		t.Error(err)
	}
}

// A broker that throttles a client answers without any partition.
func TestThrottledAnswersAreNotTheEnd(t *testing.T) {
	b := kafkatest.Fake(t)
	l := newLog(t, b, 1, nil)
	l.transact(kgo.TryCommit, l.put("a", "1", 1))
	n := 0
	b.Fake.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.Fake.KeepControl()
		if n++; n > 3 {
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.FetchResponse)
		resp.ThrottleMillis = 10
		return resp, nil, true
	})
	s := newStore(t)
	expectResult(t, l.restore(s), 1, Kept)
	expect(t, s, rows{"a": "1"})
}

// corrupt answers fetches with a batch whose checksum is wrong, n times.
func corrupt(b *kafkatest.Broker, l *log, times int) {
	b.Fake.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		if times--; times < 0 {
			return nil, nil, false
		}
		b.Fake.KeepControl()
		batch := kmsg.RecordBatch{Length: 49 + 4, Magic: 2, CRC: 1234, NumRecords: 1, Records: []byte("junk")}
		resp := req.ResponseKind().(*kmsg.FetchResponse)
		p := kmsg.NewFetchResponseTopicPartition()
		p.HighWatermark, p.LastStableOffset = 2, 2
		p.RecordBatches = batch.AppendTo(nil)
		topic := kmsg.NewFetchResponseTopic()
		topic.TopicID, topic.Partitions = l.info.ID, append(topic.Partitions, p)
		resp.Topics = append(resp.Topics, topic)
		return resp, nil, true
	})
}

func TestCorruptBatchIsReadAgainAndThenFails(t *testing.T) {
	b := kafkatest.Fake(t)
	l := newLog(t, b, 1, nil)
	l.transact(kgo.TryCommit, l.put("a", "1", 1))
	corrupt(b, l, 2)
	s := newStore(t)
	expectResult(t, l.restore(s), 1, Kept)
	expect(t, s, rows{"a": "1"})

	corrupt(b, l, 1000)
	_, err := l.restorer(Options{}).Restore(deadline(t), l.request(newStore(t)))
	if err == nil || !strings.Contains(err.Error(), "unreadable batch at or after offset 0") || !strings.Contains(err.Error(), "crc") {
		t.Error(err)
	}
}

func TestRecordsLargerThanAChunk(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		const partitions = 4
		l := newLog(t, b, partitions, nil)
		cl := l.producer(kgo.ProducerBatchMaxBytes(1 << 20))
		for p := range int32(partitions) {
			l.write(cl, l.many(10, 50_000, p)...)
		}
		l.restoreAll(partitions, 10, Options{ChunkBytes: 1000})
	})
}

// restoreAll restores all partitions at once, each into a store of its own.
func (l *log) restoreAll(partitions, records int, o Options) {
	l.t.Helper()
	r := l.restorer(o)
	g, ctx := errgroup.WithContext(deadline(l.t))
	for p := range int32(partitions) {
		s := newStore(l.t)
		q := l.request(s)
		q.Partition = p
		g.Go(func() error {
			res, err := r.Restore(ctx, q)
			if err != nil {
				return err
			}
			expectResult(l.t, res, int64(records), Kept)
			if n := len(contents(l.t, s)); n != records {
				l.t.Errorf("partition %d: %d rows, want %d", p, n, records)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		l.t.Fatal(err)
	}
}

// More partitions than the memory has room for chunks.
func TestManyPartitionsInParallel(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		const partitions = 60
		l := newLog(t, b, partitions, nil)
		cl := l.writer()
		l.begin(cl)
		for p := range int32(partitions) {
			l.write(cl, l.many(200, 100, p)...)
		}
		l.end(cl, kgo.TryCommit)
		l.restoreAll(partitions, 200, Options{ChunkBytes: 10_000, Memory: 50_000})
	})
}
