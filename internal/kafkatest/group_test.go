package kafkatest_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

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
		if err := kafkatest.SendOffset(t.Context(), cl, group, topic, 0, 7); err != nil {
			t.Fatal(err)
		}
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
