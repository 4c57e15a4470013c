package kafkatest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

func values(records []*kgo.Record) []string {
	var vs []string
	for _, r := range records {
		vs = append(vs, fmt.Sprintf("%d:%s", r.Partition, r.Value))
	}
	return vs
}

func record(topic string, partition int32, value string) *kgo.Record {
	return &kgo.Record{Topic: topic, Partition: partition, Value: []byte(value)}
}

func TestReadCommittedReturnsAllRecordsInOrder(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		topic := b.NewTopic(t, 2)
		b.Produce(t, record(topic, 1, "b"), record(topic, 0, "a"), record(topic, 1, "c"))
		want := []string{"0:a", "1:b", "1:c"}
		if diff := cmp.Diff(want, values(b.ReadCommitted(t, topic))); diff != "" {
			t.Error(diff)
		}
	})
}

// A log that ends in a marker and an aborted transaction: the last record's
// offset is far from the end.
func TestReadCommittedPassesMarkersAndAbortedRecordsAtTheEnd(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		topic := b.NewTopic(t, 1)
		cl := b.Client(t, kgo.TransactionalID(kafkatest.NewName(t)))
		transaction(t, cl, kgo.TryCommit, record(topic, 0, "a"), record(topic, 0, "b"))
		transaction(t, cl, kgo.TryAbort, record(topic, 0, "x"), record(topic, 0, "y"))
		if diff := cmp.Diff([]string{"0:a", "0:b"}, values(b.ReadCommitted(t, topic))); diff != "" {
			t.Error(diff)
		}
		if end := b.EndOffsets(t, topic)[0]; end != 6 {
			t.Errorf("the log ends at %d, want 6: four records and two markers", end)
		}
	})
}

// TestNoBoundOnFetchesLetsAbortedRecordsThrough has each fetch end within an aborted
// transaction.
func TestNoBoundOnFetchesLetsAbortedRecordsThrough(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		topic := b.NewTopic(t, 1)
		cl := b.Client(t, kgo.TransactionalID(kafkatest.NewName(t)), kgo.ProducerLinger(0))
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		for range 5 { // batches
			if err := cl.ProduceSync(t.Context(), record(topic, 0, "aborted")).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		if err := cl.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
			t.Fatal(err)
		}
		transaction(t, cl, kgo.TryCommit, record(topic, 0, "a"))
		for _, bound := range []kgo.Opt{kgo.FetchMaxBytes(100), kgo.FetchMaxPartitionBytes(100)} {
			reader := b.Client(t, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()), bound,
				kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
			fetches := reader.PollFetches(t.Context())
			if diff := cmp.Diff([]string{"0:a"}, values(fetches.Records())); diff != "" || fetches.Err() != nil {
				t.Error(diff, fetches.Err())
			}
		}
	})
}

func TestReadStableEndsAtTheFirstOpenTransaction(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		topic := b.NewTopic(t, 1)
		b.Produce(t, record(topic, 0, "before"))
		cl := b.Client(t, kgo.TransactionalID(kafkatest.NewName(t)))
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := cl.ProduceSync(context.Background(), record(topic, 0, "open")).FirstErr(); err != nil {
			t.Fatal(err)
		}
		b.Produce(t, record(topic, 0, "behind"))
		if diff := cmp.Diff([]string{"0:before"}, values(b.ReadStable(t, topic))); diff != "" {
			t.Error(diff)
		}
		if err := cl.EndTransaction(context.Background(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"0:before", "0:open", "0:behind"}, values(b.ReadCommitted(t, topic))); diff != "" {
			t.Error(diff)
		}
	})
}

func transaction(t *testing.T, cl *kgo.Client, end kgo.TransactionEndTry, records ...*kgo.Record) {
	t.Helper()
	ctx := context.Background()
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(ctx, records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := cl.EndTransaction(ctx, end); err != nil {
		t.Fatal(err)
	}
}

func TestDeletedTopicCanBeCreatedAgainEmpty(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		topic := b.NewTopic(t, 1)
		b.Produce(t, record(topic, 0, "a"))
		b.DeleteTopic(t, topic)
		b.CreateTopic(t, topic, 3)
		if got := b.ReadCommitted(t, topic); len(got) != 0 {
			t.Errorf("%d records in a new topic", len(got))
		}
		if n := len(b.EndOffsets(t, topic)); n != 3 {
			t.Errorf("%d partitions, want 3", n)
		}
	})
}
