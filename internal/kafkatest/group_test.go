package kafkatest_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

func TestCommittedOffsetsOfAGroup(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		topic, group := b.NewTopic(t, 2), kafkatest.NewName(t)
		b.Commit(t, group, topic, map[int32]int64{0: 3, 1: 5})
		want := map[string]map[int32]int64{topic: {0: 3, 1: 5}}
		if diff := cmp.Diff(want, b.Committed(t, group)); diff != "" {
			t.Error(diff)
		}
		if n := b.Members(t, group); n != 0 {
			t.Errorf("%d members, want none", n)
		}
	})
}

// TestOffsetsOfAnOpenTransactionAreWaitedFor: a broker acknowledges the end of
// a transaction before those who ask for what is committed see its offsets.
func TestOffsetsOfAnOpenTransactionAreWaitedFor(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		topic, group := b.NewTopic(t, 1), kafkatest.NewName(t)
		b.Commit(t, group, topic, map[int32]int64{0: 3})
		cl := b.Client(t, kgo.TransactionalID(kafkatest.NewName(t)))
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := cl.ProduceSync(t.Context(), record(topic, 0, "a")).FirstErr(); err != nil {
			t.Fatal(err)
		}
		sendOffset(t, cl, group, topic, 7)
		got := make(chan map[string]map[int32]int64, 1)
		go func() { got <- b.Committed(t, group) }()
		select {
		case early := <-got:
			t.Errorf("%v before the transaction ended", early)
			got <- early
		case <-time.After(50 * time.Millisecond):
		}
		if err := cl.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]map[int32]int64{topic: {0: 7}}, <-got); diff != "" {
			t.Error(diff)
		}
	})
}

// sendOffset sends the offset of a topic's only partition into the open
// transaction of cl.
func sendOffset(t *testing.T, cl *kgo.Client, group, topic string, at int64) {
	t.Helper()
	id, epoch, err := cl.ProducerID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	topics, err := kadm.NewClient(cl).ListTopics(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, _ = cl.OptValue(kgo.TransactionalID).(string)
	req.Group, req.ProducerID, req.ProducerEpoch = group, id, epoch
	p := kmsg.NewTxnOffsetCommitRequestTopicPartition()
	p.Offset = at
	rt := kmsg.NewTxnOffsetCommitRequestTopic()
	rt.Topic, rt.TopicID = topic, topics[topic].ID
	rt.Partitions = append(rt.Partitions, p)
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(t.Context(), cl)
	if err == nil {
		err = kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode)
	}
	if err != nil {
		t.Fatal(err)
	}
}
