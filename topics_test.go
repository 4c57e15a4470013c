package millrace_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/topology"
)

// Internal topics are called and configured as those of Kafka Streams 4.3 for
// the same names, so that its tools and habits fit.
func TestInternalTopicsAreThoseOfKafkaStreams(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 3), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		cfg.ReplicationFactor = 1
		tb := topology.New()
		words := topology.GroupBy(topology.Stream[string, string](tb, in), func(_, v string) string { return v }, topology.Name("by-word"))
		topology.To(topology.Count(words, "counts", topology.LogConfig(map[string]string{"min.cleanable.dirty.ratio": "0.3"})).ToStream(), out)
		topology.Count(words, "local", topology.Unlogged())
		catchUp(t, tb, cfg)
		for topic, want := range map[string]map[string]string{
			"counts-changelog":    {"cleanup.policy": "compact", "message.timestamp.type": "CreateTime", "min.cleanable.dirty.ratio": "0.3"},
			"by-word-repartition": {"cleanup.policy": "delete", "message.timestamp.type": "CreateTime", "retention.ms": "-1", "segment.bytes": "52428800"},
		} {
			topic = cfg.AppID + "-" + topic
			if diff := cmp.Diff(want, configured(t, b, topic)); diff != "" {
				t.Errorf("%s: %s", topic, diff)
			}
			if n := len(b.EndOffsets(t, topic)); n != 3 {
				t.Errorf("%s has %d partitions", topic, n)
			}
		}
		listed, err := b.Admin(t).ListTopics(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if listed.Has(cfg.AppID+"-local-changelog") || listed.Has(cfg.AppID+"-counts-repartition") {
			t.Errorf("a topic too many: %v", listed.Names())
		}
	})
}

// configured are the configs that a topic has of its own.
func configured(t *testing.T, b *kafkatest.Broker, topic string) map[string]string {
	t.Helper()
	found, err := b.Admin(t).DescribeTopicConfigs(t.Context(), topic)
	if err != nil || len(found) != 1 || found[0].Err != nil {
		t.Fatalf("configs of %s: %v %v", topic, found, err)
	}
	own := make(map[string]string)
	for _, c := range found[0].Configs {
		if c.Source.String() == "DYNAMIC_TOPIC_CONFIG" && c.Value != nil {
			own[c.Key] = *c.Value
		}
	}
	return own
}

func TestRepartitionTopicWithItsOwnPartitionCount(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		put(t, b, in, 0, "a", "b", "a")
		cfg := config(t, b, kafkatest.NewName(t))
		tb := topology.New()
		words := topology.GroupBy(topology.Stream[string, string](tb, in), func(_, v string) string { return v }, topology.Partitions(5))
		topology.To(topology.Count(words, "counts").ToStream(), out)
		catchUp(t, tb, cfg)
		for _, topic := range []string{cfg.AppID + "-counts-repartition", cfg.AppID + "-counts-changelog"} {
			if n := len(b.EndOffsets(t, topic)); n != 5 {
				t.Errorf("%s has %d partitions", topic, n)
			}
		}
	})
}
