package millrace_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// header is the value of a record's header, "" if there is none.
func header(r *kgo.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

func TestDeadLetterKeepsTheRecordAndSaysWhy(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out, dead, cfg := setUp(t, b)
		at := time.UnixMilli(1_700_000_000_123)
		b.Produce(t, &kgo.Record{
			Topic: in, Key: []byte("k"), Value: []byte("x"), Timestamp: at,
			Headers: []kgo.RecordHeader{{Key: "trace", Value: []byte("t1")}},
		}, &kgo.Record{Topic: in, Key: []byte("k2"), Value: []byte("y")})
		cfg.Errors.Decode.Then = processor.DeadLetter
		catchUp(t, integers(in, out, topology.Name("numbers")), cfg)
		letters := b.ReadCommitted(t, dead)
		if len(letters) != 2 {
			t.Fatalf("%d dead letters", len(letters))
		}
		r := letters[0]
		if string(r.Key) != "k" || string(r.Value) != "x" || !r.Timestamp.Equal(at) {
			t.Errorf("key %q value %q time %s", r.Key, r.Value, r.Timestamp)
		}
		for name, want := range map[string]string{
			"trace": "t1", "millrace.error.version": "1", "millrace.error.class": "decode", "millrace.error.node": "numbers",
			"millrace.error.topic": in, "millrace.error.partition": "0", "millrace.error.offset": "0", "millrace.error.attempts": "1",
		} {
			if got := header(r, name); got != want {
				t.Errorf("header %s is %q, want %q", name, got, want)
			}
		}
		if header(r, "millrace.error.message") == "" {
			t.Error("no message")
		}
	})
}

// A dead letter commits with the offset of its record. The first transaction
// is made to fail when its records are in the log already: readers of committed
// records see one letter, the log has two.
func TestDeadLetterOfAnAbortedTransactionIsNotSeen(t *testing.T) {
	b := kafkatest.Fake(t)
	in, out, dead, cfg := setUp(t, b)
	put(t, b, in, 0, "1", "x", "3")
	refused := 0
	b.Fake.ControlKey(int16(kmsg.TxnOffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
		refused++
		resp := req.ResponseKind().(*kmsg.TxnOffsetCommitResponse)
		for _, rt := range req.(*kmsg.TxnOffsetCommitRequest).Topics {
			t := kmsg.NewTxnOffsetCommitResponseTopic()
			t.Topic = rt.Topic
			for _, rp := range rt.Partitions {
				p := kmsg.NewTxnOffsetCommitResponseTopicPartition()
				p.Partition, p.ErrorCode = rp.Partition, kerr.UnknownServerError.Code
				t.Partitions = append(t.Partitions, p)
			}
			resp.Topics = append(resp.Topics, t)
		}
		return resp, nil, true
	})
	cfg.Errors.Decode.Then = processor.DeadLetter
	app := catchUp(t, integers(in, out), cfg)
	if refused != 1 || app.Totals().Aborts == 0 {
		t.Fatalf("%d commits refused, %+v", refused, app.Totals())
	}
	if diff := cmp.Diff([]string{"x"}, texts(t, b, dead)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"1", "3"}, texts(t, b, out)); diff != "" {
		t.Error(diff)
	}
	// Two letters and two markers.
	if end := b.EndOffsets(t, dead)[0]; end != 4 {
		t.Errorf("the dead-letter topic ends at %d: the aborted letter was never there", end)
	}
}

// After a crash with a dead letter in the works it is written again, once.
func TestDeadLetterIsNotWrittenTwiceAfterAbort(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out, dead, cfg := setUp(t, b)
		cfg.CommitInterval = 5 * time.Second
		cfg.Errors.Process.Then = processor.DeadLetter
		failed := make(chan struct{}, 1)
		topo := func() *topology.Builder {
			tb := topology.New()
			s := topology.Stream[string, string](tb, in)
			topology.To(topology.MapValuesErr(s, func(v string) (string, error) {
				if v == "bad" {
					select {
					case failed <- struct{}{}:
					default:
					}
					return "", errors.New("refused")
				}
				return v, nil
			}), out)
			return tb
		}
		put(t, b, in, 0, "1", "bad", "3")
		app := start(t, topo(), cfg)
		<-failed
		app.Abort()
		_ = wait(t, app)
		if got := texts(t, b, dead); len(got) != 0 {
			t.Errorf("dead letters %v of an aborted run", got)
		}
		cfg.CommitInterval = 50 * time.Millisecond
		catchUp(t, topo(), cfg)
		if diff := cmp.Diff([]string{"bad"}, texts(t, b, dead)); diff != "" {
			t.Error(diff)
		}
	})
}
