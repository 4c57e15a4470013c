package embedded_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/embedded"
	"github.com/millrace-io/millrace/internal/kafkatest"
)

func deleteBefore(t *testing.T, b *kafkatest.Broker, topic string, partition int32, offset int64) {
	t.Helper()
	req := kmsg.NewPtrDeleteRecordsRequest()
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rt.Topic = topic
	rp := kmsg.NewDeleteRecordsRequestTopicPartition()
	rp.Partition, rp.Offset = partition, offset
	rt.Partitions = append(rt.Partitions, rp)
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(t.Context(), b.Client(t))
	if err == nil {
		err = kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The records of an aborted transaction must stay aborted when their producer
// goes on under the same id, commits, and the broker crashes again.
func TestAbortedByACrashStaysAbortedAfterTheNext(t *testing.T) {
	dir := t.TempDir()
	_, b := serve(t, embedded.Config{Dir: dir})
	b.CreateTopic(t, "out", 1)
	p := newProducer(t, b, "tx")
	p.begin(record("out", 0, "lost"))

	dir = crash(t, dir)
	_, b = serve(t, embedded.Config{Dir: dir})
	p = newProducer(t, b, "tx")
	p.begin(record("out", 0, "kept"))
	p.end(kgo.TryCommit)

	_, b = serve(t, embedded.Config{Dir: crash(t, dir)})
	if diff := cmp.Diff([]string{"0:kept"}, values(b.ReadCommitted(t, "out"))); diff != "" {
		t.Error(diff)
	}
}

// crashInEnd ends the transaction of p and starts the broker again from the image
// that a crash leaves in which the journal was written, which comes first, and only
// these logs. It is made of images of the folder before and after the end.
func crashInEnd(t *testing.T, dir string, p producer, try kgo.TransactionEndTry, done ...string) *kafkatest.Broker {
	t.Helper()
	before := crash(t, dir)
	p.end(try)
	after := crash(t, dir)
	for _, f := range append([]string{"journal.log"}, done...) {
		move(t, after, before, f)
	}
	_, b := serve(t, embedded.Config{Dir: before})
	return b
}

// kfake ends a transaction log by log and the offsets last. A crash in between
// must not leave half of it.
func TestEndInterruptedByACrashIsFinished(t *testing.T) {
	logs := []string{"partitions/out-0", "partitions/out-1", "groups.log", "pids.log"}
	for _, try := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
		for done := range len(logs) + 1 {
			dir := t.TempDir()
			_, b := serve(t, embedded.Config{Dir: dir})
			b.CreateTopic(t, "in", 1)
			b.CreateTopic(t, "out", 2)
			p := newProducer(t, b, "tx")
			p.begin(record("out", 0, "first"))
			p.end(kgo.TryCommit)
			p.begin(record("out", 0, "a"), record("out", 1, "b"))
			p.offset("group", "in", 0, 7)
			b = crashInEnd(t, dir, p, try, logs[:done]...)
			want := []string{"0:first"}
			var offsets map[string]map[int32]int64
			if try == kgo.TryCommit {
				want = append(want, "0:a", "1:b")
				offsets = map[string]map[int32]int64{"in": {0: 7}}
			}
			if diff := cmp.Diff(want, values(b.ReadCommitted(t, "out"))); diff != "" {
				t.Errorf("commit %t, %d steps done: %s", try, done, diff)
			}
			got := b.Committed(t, "group")
			if len(got) == 0 {
				got = nil
			}
			if diff := cmp.Diff(offsets, got); diff != "" {
				t.Errorf("commit %t, %d steps done: %s", try, done, diff)
			}
		}
	}
}

// The journal names topics, also for clients that send their ids, from version 6 of
// the request on (KIP-1319).
func TestOffsetsSentByTopicIDAreFinished(t *testing.T) {
	dir := t.TempDir()
	_, b := serve(t, embedded.Config{Dir: dir})
	b.CreateTopic(t, "in", 1)
	b.CreateTopic(t, "out", 1)
	p := newProducer(t, b, "tx")
	p.begin(record("out", 0, "a"))
	id, epoch, err := p.cl.ProducerID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	meta, err := b.Admin(t).Metadata(t.Context(), "in")
	if err != nil {
		t.Fatal(err)
	}
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.Group, req.ProducerID, req.ProducerEpoch = "tx", "group", id, epoch
	rt := kmsg.NewTxnOffsetCommitRequestTopic()
	rt.TopicID = meta.Topics["in"].ID
	rp := kmsg.NewTxnOffsetCommitRequestTopicPartition()
	rp.Offset = 7
	rt.Partitions = append(rt.Partitions, rp)
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(t.Context(), p.cl)
	if err == nil {
		err = kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode)
	}
	if err != nil {
		t.Fatal(err)
	}
	b = crashInEnd(t, dir, p, kgo.TryCommit)
	if diff := cmp.Diff(map[string]map[int32]int64{"in": {0: 7}}, b.Committed(t, "group")); diff != "" {
		t.Error(diff)
	}
}

func move(t *testing.T, from, to, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(to, name)); err != nil {
		t.Fatal(err)
	}
	err := os.Rename(filepath.Join(from, name), filepath.Join(to, name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
}

// A commit that never reached the broker, repeated after a crash, must not be
// answered with success: neither with records in the transaction nor with
// offsets alone.
func TestCommitOfATransactionLostInACrashFails(t *testing.T) {
	for _, what := range []string{"records", "offsets"} {
		dir := t.TempDir()
		e, b := serve(t, embedded.Config{Dir: dir})
		b.CreateTopic(t, "out", 1)
		p := newProducer(t, b, "tx")
		p.begin(record("out", 0, "first"))
		p.end(kgo.TryCommit)
		// An orderly restart, which the producer sits out: kfake writes down
		// that its last end was a commit, and would answer the next one by it.
		e.Close()
		serve(t, embedded.Config{Dir: dir, Addr: b.Addrs[0]})
		if what == "records" {
			p.begin(record("out", 0, "lost"))
		} else {
			p.offset("group", "out", 0, 1)
		}
		id, epoch, err := p.cl.ProducerID(t.Context())
		if err != nil {
			t.Fatal(err)
		}

		_, b = serve(t, embedded.Config{Dir: crash(t, dir)})
		req := kmsg.NewPtrEndTxnRequest()
		req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = "tx", id, epoch, true
		resp, err := req.RequestWith(t.Context(), b.Client(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := kerr.ErrorForCode(resp.ErrorCode); err != kerr.InvalidTxnState {
			t.Errorf("%s: the answer is %v, want INVALID_TXN_STATE as after a transaction time-out", what, err)
		}
	}
}

// The answer to a commit got lost in the crash, the commit did not.
func TestRepeatedCommitAfterACrashSucceeds(t *testing.T) {
	dir := t.TempDir()
	_, b := serve(t, embedded.Config{Dir: dir})
	b.CreateTopic(t, "out", 1)
	p := newProducer(t, b, "tx")
	p.begin(record("out", 0, "a"))
	id, epoch, err := p.cl.ProducerID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.end(kgo.TryCommit)

	_, b = serve(t, embedded.Config{Dir: crash(t, dir)})
	req := kmsg.NewPtrEndTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = "tx", id, epoch, true
	resp, err := req.RequestWith(t.Context(), b.Client(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil || resp.ProducerEpoch != epoch+1 {
		t.Errorf("the answer is %v with epoch %d, want none with %d", err, resp.ProducerEpoch, epoch+1)
	}
}

// A crash between the write of a batch and of its index entry: kfake would take
// the batch for one outside of transactions.
func TestBatchWithoutIndexEntryStaysInItsTransaction(t *testing.T) {
	dir := t.TempDir()
	_, b := serve(t, embedded.Config{Dir: dir})
	b.CreateTopic(t, "out", 1)
	p := newProducer(t, b, "tx")
	p.begin(record("out", 0, "open"))
	dir = crash(t, dir)
	if err := os.Truncate(filepath.Join(dir, "partitions", "out-0", "0.idx"), 0); err != nil {
		t.Fatal(err)
	}
	_, b = serve(t, embedded.Config{Dir: dir})
	if got := b.ReadCommitted(t, "out"); len(got) != 0 {
		t.Errorf("open records are visible: %v", values(got))
	}
}

func TestHalfWrittenTailsAreCutOff(t *testing.T) {
	dir := t.TempDir()
	_, b := serve(t, embedded.Config{Dir: dir})
	b.CreateTopic(t, "out", 1)
	b.Produce(t, record("out", 0, "a"))
	b.Commit(t, "group", "out", map[int32]int64{0: 1})
	dir = crash(t, dir)
	for _, f := range []string{"partitions/out-0/0.dat", "groups.log", "pids.log", "journal.log"} {
		f, err := os.OpenFile(filepath.Join(dir, f), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString("\x00\x00\x00\x00\x00\x00\x00\x09half")
		f.Close()
	}
	for i, want := range [][]string{{"0:a"}, {"0:a", "0:b"}} {
		e, b := serve(t, embedded.Config{Dir: dir})
		if diff := cmp.Diff(want, values(b.ReadCommitted(t, "out"))); diff != "" {
			t.Error(diff)
		}
		if got := b.Committed(t, "group")["out"][0]; got != int64(i+1) {
			t.Errorf("committed offset %d, want %d", got, i+1)
		}
		b.Produce(t, record("out", 0, "b"))
		b.Commit(t, "group", "out", map[int32]int64{0: 2})
		e.Close()
	}
}

// A producer that got no answer sends its batch again.
func TestRepeatedBatchAfterACrashIsStoredOnce(t *testing.T) {
	dir := t.TempDir()
	_, b := serve(t, embedded.Config{Dir: dir})
	b.CreateTopic(t, "out", 1)
	b.Produce(t, record("out", 0, "a"))
	dir = crash(t, dir)
	batch, err := os.ReadFile(filepath.Join(dir, "partitions", "out-0", "0.dat"))
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint64(batch, 0)

	_, b = serve(t, embedded.Config{Dir: dir})
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = -1, 1000
	meta, err := b.Admin(t).Metadata(t.Context(), "out")
	if err != nil {
		t.Fatal(err)
	}
	rt := kmsg.NewProduceRequestTopic()
	rt.Topic, rt.TopicID = "out", meta.Topics["out"].ID
	rp := kmsg.NewProduceRequestTopicPartition()
	rp.Records = batch
	rt.Partitions = append(rt.Partitions, rp)
	req.Topics = append(req.Topics, rt)
	resp, err := b.Client(t).Broker(0).Request(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if p := resp.(*kmsg.ProduceResponse).Topics[0].Partitions[0]; p.ErrorCode != 0 || p.BaseOffset != 0 {
		t.Errorf("the answer is %v at offset %d, want none at 0", kerr.ErrorForCode(p.ErrorCode), p.BaseOffset)
	}
	if end := b.EndOffsets(t, "out")[0]; end != 1 {
		t.Errorf("the log ends at %d, want 1", end)
	}
}
