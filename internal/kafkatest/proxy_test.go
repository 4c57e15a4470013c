package kafkatest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

func TestCutTakesTheBrokerAwayUntilRestored(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		topic := b.NewTopic(t, 1)
		p := kafkatest.NewProxy(t, b.Addrs[0])
		cl := b.Client(t, p.Option())
		if err := cl.ProduceSync(t.Context(), record(topic, 0, "a")).FirstErr(); err != nil {
			t.Fatal(err)
		}
		p.Cut()
		done := make(chan error, 1)
		cl.Produce(t.Context(), record(topic, 0, "b"), func(_ *kgo.Record, err error) { done <- err })
		select {
		case err := <-done:
			t.Fatalf("a record passed a cut proxy: %v", err)
		case <-time.After(200 * time.Millisecond):
		}
		p.Restore()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"0:a", "0:b"}, values(b.ReadCommitted(t, topic))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDelayAddsUpOverBothDirections(t *testing.T) {
	b := kafkatest.Fake(t)
	p := kafkatest.NewProxy(t, b.Addrs[0])
	cl := b.Client(t, p.Option())
	if err := cl.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.Delay(20*time.Millisecond, 30*time.Millisecond)
	start := time.Now()
	if err := cl.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d < 50*time.Millisecond {
		t.Errorf("a round trip took %s", d)
	}
}

// Random delays reorder requests of different clients, never those of one.
func TestDelayedProduceOvertakesOnlyOtherClients(t *testing.T) {
	b := kafkatest.Fake(t)
	topic := b.NewTopic(t, 1)
	p := kafkatest.NewProxy(t, b.Addrs[0])
	p.DelayProduce(10*time.Millisecond, 1)
	var clients [2]*kgo.Client
	for i := range clients {
		clients[i] = b.Client(t, p.Option(), kgo.ProducerLinger(0), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	}
	const rounds = 40
	var sent []string
	for n := range rounds {
		for i, cl := range clients {
			v := fmt.Sprintf("%d-%02d", i, n)
			sent = append(sent, "0:"+v)
			cl.Produce(t.Context(), record(topic, 0, v), nil)
		}
		for _, cl := range clients {
			if err := cl.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := values(b.ReadCommitted(t, topic))
	if slices.Equal(got, sent) {
		t.Error("no request overtook another")
	}
	for i := range clients {
		other := fmt.Sprintf("0:%d-", 1-i)
		mine := slices.DeleteFunc(slices.Clone(got), func(v string) bool { return strings.HasPrefix(v, other) })
		if len(mine) != rounds || !slices.IsSorted(mine) {
			t.Errorf("client %d wrote %v", i, mine)
		}
	}
}
