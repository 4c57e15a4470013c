package kafkatest_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

func TestKilledBrokerKeepsItsRecordsAndAddress(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.Options{Version: kafkatest.KillVersion})
	topic := b.NewTopic(t, 1)
	b.Produce(t, record(topic, 0, "a"))
	b.Kill(t)
	b.Restart(t)
	b.Produce(t, record(topic, 0, "b"))
	b.Stop(t)
	b.Restart(t)
	if diff := cmp.Diff([]string{"0:a", "0:b"}, values(b.ReadCommitted(t, topic))); diff != "" {
		t.Error(diff)
	}
}

func TestPausedBrokerAnswersAfterResume(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.Options{Properties: map[string]string{"num.partitions": "3"}})
	cl := b.Client(t)
	b.Pause(t)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := cl.Ping(ctx); err == nil {
		t.Error("a frozen broker answered")
	}
	b.Resume(t)
	if err := cl.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSecuredBroker(t *testing.T) {
	run := func(t *testing.T, b *kafkatest.Broker, refusal error) {
		for _, m := range kafkatest.Mechanisms {
			if err := ping(t, b, m, kafkatest.Password); err != nil {
				t.Errorf("%s: %v", m, err)
			}
			if err := ping(t, b, m, "wrong"); !errors.Is(err, refusal) {
				t.Errorf("%s: a wrong password gives %v", m, err)
			}
		}
		topic := b.NewTopic(t, 1)
		b.Produce(t, record(topic, 0, "a"))
		if diff := cmp.Diff([]string{"0:a"}, values(b.ReadCommitted(t, topic))); diff != "" {
			t.Error(diff)
		}
	}
	// kfake hangs up on a wrong password, Kafka says why.
	t.Run("kfake", func(t *testing.T) { run(t, kafkatest.FakeSecure(t), io.EOF) })
	t.Run("kafka", func(t *testing.T) {
		run(t, kafkatest.Start(t, kafkatest.Options{Secure: true}), kerr.SaslAuthenticationFailed)
	})
}

func ping(t *testing.T, b *kafkatest.Broker, mechanism, password string) error {
	t.Helper()
	cl, err := kgo.NewClient(append(b.Security.OptionsFor(mechanism, password),
		kgo.SeedBrokers(b.Addrs...), kgo.RequestRetries(0))...)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	return cl.Ping(t.Context())
}
