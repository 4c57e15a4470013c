package corpus

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/streamstest"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

// TestOnABroker runs the parts of the corpus that feed records in and nothing
// else as applications on a broker, the fake one and Apache Kafka: what they
// commit must be what the driver says.
func TestOnABroker(t *testing.T) {
	parts := Parts(t, "testdata")
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for i, part := range parts {
			if part.Matrix() == "off" || part.Has("errors") || part.Uses("crash", "rebalance", "fault", "advance") {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", part.Name, i), func(t *testing.T) {
				want := part.Run(t, streamstest.Mode{})
				want.Stores = nil // nobody outside can read those
				got := onBroker(t, b, part, want)
				if diff := part.Diff(want, got); diff != "" {
					t.Errorf("%s: %s", part.Commands[0].At, diff)
				}
			})
		}
	})
}

// onBroker pipes what the driver was given, and returns what comes out.
func onBroker(t *testing.T, b *kafkatest.Broker, part Part, want streamstest.Result) streamstest.Result {
	t.Helper()
	g, err := Topologies[part.topology()]().Build()
	if err != nil {
		t.Fatal(err)
	}
	widest := int32(0)
	for _, p := range want.Piped {
		widest = max(widest, p.Record.Partition)
	}
	var inputs []string
	for _, n := range g.Nodes {
		if n.Source != nil && n.Source.Repartition == nil {
			inputs = append(inputs, n.Source.Topics...)
		}
	}
	outputs := slices.Sorted(maps.Keys(want.Topics))
	deleteTopics(t, b, append(slices.Clone(inputs), outputs...))
	for _, topic := range inputs {
		b.CreateTopic(t, topic, max(int(widest)+1, part.partitions()), "retention.ms", "-1")
	}
	for _, topic := range outputs {
		b.CreateTopic(t, topic, 1, "retention.ms", "-1") // the scripts' times are in 1970
	}
	app := fmt.Sprintf("corpus-%s-%d", part.topology(), time.Now().UnixNano())
	// One topic at a time: the order over topics is part of what a script says.
	for piped := want.Piped; len(piped) > 0; {
		n := 1
		for n < len(piped) && piped[n].Topic == piped[0].Topic {
			n++
		}
		for _, p := range piped[:n] {
			b.Produce(t, record(p))
		}
		piped = piped[n:]
		a, err := millrace.New(Topologies[part.topology()](), millrace.Config{AppID: app, Client: b.Options(), Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.RunUntilCaughtUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got := streamstest.Result{Topics: map[string][]streamstest.Record[[]byte, []byte]{}}
	for _, topic := range outputs {
		for _, r := range b.ReadCommitted(t, topic) {
			got.Topics[topic] = append(got.Topics[topic], streamstest.Record[[]byte, []byte]{
				Record: processor.Record[[]byte, []byte]{
					Key: r.Key, Value: r.Value, Time: r.Timestamp.UnixMilli(), HasKey: r.Key != nil, HasValue: r.Value != nil,
				},
			})
		}
	}
	return got
}

func record(p streamstest.Piped) *kgo.Record {
	r := &kgo.Record{
		Topic: p.Topic, Partition: p.Record.Partition, Key: p.Record.Key, Value: p.Record.Value,
		Timestamp: time.UnixMilli(p.Record.Time),
	}
	for _, h := range p.Record.Headers {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
	}
	return r
}

// deleteTopics deletes those that a part before has made.
func deleteTopics(t *testing.T, b *kafkatest.Broker, topics []string) {
	t.Helper()
	there, err := b.Admin(t).ListTopics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range topics {
		if there.Has(topic) {
			b.DeleteTopic(t, topic)
		}
	}
}
