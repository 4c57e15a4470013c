package kafkatest

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var names atomic.Int64

// NewName returns a name that no other test of this process uses, for a topic,
// group or application id. It starts with the test's name.
func NewName(t testing.TB) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '-':
			return r
		}
		return '-'
	}, t.Name())
	// Topic names end at 249 characters, and internal ones get a suffix.
	return fmt.Sprintf("%s-%d", clean[:min(len(clean), 120)], names.Add(1))
}

// NewTopic creates a topic with a name of its own and returns the name. Configs
// come in pairs of name and value.
func (b *Broker) NewTopic(t testing.TB, partitions int, configs ...string) string {
	t.Helper()
	topic := NewName(t)
	b.CreateTopic(t, topic, partitions, configs...)
	return topic
}

// CreateTopic creates a topic with replication 1 and waits until its partitions
// have leaders.
func (b *Broker) CreateTopic(t testing.TB, topic string, partitions int, configs ...string) {
	t.Helper()
	set := make(map[string]*string)
	for i := 0; i+1 < len(configs); i += 2 {
		set[configs[i]] = kadm.StringPtr(configs[i+1])
	}
	cl := b.brief(t)
	defer cl.Close()
	adm := kadm.NewClient(cl)
	if _, err := adm.CreateTopic(within(t), int32(partitions), 1, set, topic); err != nil {
		t.Fatalf("kafkatest: create topic %s: %v", topic, err)
	}
	WaitFor(t, "leaders of topic "+topic, func() bool {
		d, err := adm.ListTopics(within(t), topic)
		if err != nil || d[topic].Err != nil || len(d[topic].Partitions) != partitions {
			return false
		}
		for _, p := range d[topic].Partitions {
			if p.Err != nil || p.Leader < 0 {
				return false
			}
		}
		return true
	})
}

// DeleteTopic deletes a topic and waits until it is gone.
func (b *Broker) DeleteTopic(t testing.TB, topic string) {
	t.Helper()
	cl := b.brief(t)
	defer cl.Close()
	adm := kadm.NewClient(cl)
	if _, err := adm.DeleteTopic(within(t), topic); err != nil {
		t.Fatalf("kafkatest: delete topic %s: %v", topic, err)
	}
	WaitFor(t, "end of topic "+topic, func() bool {
		d, err := adm.ListTopics(within(t), topic)
		return err == nil && d[topic].Err != nil
	})
}

// Produce writes records outside of transactions and waits until they are
// acknowledged. A record's Partition counts if its key is nil; else the key
// decides, as in Kafka's own clients.
func (b *Broker) Produce(t testing.TB, records ...*kgo.Record) {
	t.Helper()
	// A broker that was restarted may not know its topics at first; the time of
	// within is the bound.
	cl := b.brief(t, kgo.RecordPartitioner(explicit{kgo.StickyKeyPartitioner(nil)}), kgo.UnknownTopicRetries(-1))
	defer cl.Close()
	if err := cl.ProduceSync(within(t), records...).FirstErr(); err != nil {
		t.Fatalf("kafkatest: produce: %v", err)
	}
}

// brief returns a client for one helper call, which closes it. A leader that
// does not know yet that it is one refuses; the client asks who is only once
// its metadata is old enough, by default after 5 s.
func (b *Broker) brief(t testing.TB, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(slices.Concat(b.Options(), []kgo.Opt{kgo.MetadataMinAge(50 * time.Millisecond)}, opts)...)
	if err != nil {
		t.Fatalf("kafkatest: client: %v", err)
	}
	return cl
}

// explicit partitions records without key by their Partition field.
type explicit struct{ byKey kgo.Partitioner }

func (e explicit) ForTopic(topic string) kgo.TopicPartitioner {
	return explicitTopic{e.byKey.ForTopic(topic)}
}

type explicitTopic struct{ byKey kgo.TopicPartitioner }

func (e explicitTopic) RequiresConsistency(*kgo.Record) bool { return true }

func (e explicitTopic) Partition(r *kgo.Record, n int) int {
	if r.Key == nil {
		return int(r.Partition)
	}
	return e.byKey.Partition(r, n)
}
