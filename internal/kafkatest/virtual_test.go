package kafkatest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

// The clock of a bubble goes on only if nobody in it waits for a network: this
// takes an hour otherwise, or hangs.
func TestVirtualBrokerInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := kafkatest.Virtual(t)
		topic, idle := b.NewTopic(t, 1), b.Client(t)
		b.Produce(t, record(topic, 0, "a"))
		if err := idle.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		b.Produce(t, record(topic, 0, "b"))
		if diff := cmp.Diff([]string{"0:a", "0:b"}, values(b.ReadCommitted(t, topic))); diff != "" {
			t.Error(diff)
		}
	})
}
