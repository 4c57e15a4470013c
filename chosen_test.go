package millrace_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// written is what a topic holds, as "partition:value", in no order.
func written(t *testing.T, b *kafkatest.Broker, topic string) string {
	t.Helper()
	var all []string
	for _, r := range b.ReadCommitted(t, topic) {
		all = append(all, fmt.Sprintf("%d:%s", r.Partition, r.Value))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestTopicAndPartitionAreChosenPerRecord(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, wide, narrow := b.NewTopic(t, 1), b.NewTopic(t, 3), b.NewTopic(t, 2)
		for i, topic := range []string{"wide", "narrow", "wide", "missing", "narrow", "wide"} {
			b.Produce(t, &kgo.Record{Topic: in, Key: []byte(strings.Repeat("k", i)), Value: []byte(topic)})
		}
		build := func() *topology.Builder {
			tb := topology.New()
			topics := map[string]string{"wide": wide, "narrow": narrow, "missing": in + "-missing"}
			byLength := func(_, key, _ string, n int) int { return len(key) % n }
			stream := topology.Stream[string, string](tb, in)
			topology.ToChosen(stream, func(_, v string) string { return topics[v] }, topology.Partitioner(byLength), topology.Name("spread"))
			again := topology.Repartition(stream, "again", topology.Partitions(2), topology.Partitioner(byLength))
			topology.Count(topology.GroupByKey(again), "counts")
			return tb
		}
		cfg := config(t, b, kafkatest.NewName(t))
		err := fails(t, build(), cfg)
		var failed *processor.Error
		if !errors.As(err, &failed) || failed.Class != processor.Produce || failed.Node != "spread" || failed.Offset != 3 ||
			!strings.Contains(err.Error(), "topic "+in+"-missing does not exist: create it") {
			t.Fatalf("got %v", err)
		}
		// Nothing is lost: with the topic there, all goes on.
		b.CreateTopic(t, in+"-missing", 1)
		catchUp(t, build(), cfg)
		for topic, want := range map[string]string{wide: "0:wide 2:wide 2:wide", narrow: "0:narrow 1:narrow", in + "-missing": "0:missing"} {
			if got := written(t, b, topic); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		if got := written(t, b, cfg.AppID+"-again-repartition"); !strings.HasPrefix(got, "0:narrow 0:wide 0:wide") {
			t.Errorf("repartition topic: %s", got)
		}
	})
}
