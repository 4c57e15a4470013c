package changelog

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

func configsOf(t *testing.T, cl *kgo.Client, topic string, names ...string) map[string]string {
	t.Helper()
	all, err := kadm.NewClient(cl).DescribeTopicConfigs(deadline(t), topic)
	if err != nil {
		t.Fatal(err)
	}
	rc, err := all.On(topic, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, c := range rc.Configs {
		for _, n := range names {
			if c.Key == n && c.Value != nil {
				found[n] = *c.Value
			}
		}
	}
	return found
}

func TestTopicsAreMadeWithTheConfigsOfKafkaStreams(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		cl := b.Client(t)
		log, rep := kafkatest.NewName(t)+"-changelog", kafkatest.NewName(t)+"-repartition"
		topics := []Topic{
			{Name: log, Kind: Changelog, Partitions: 3, Configs: map[string]string{"delete.retention.ms": "7200000"}},
			{Name: rep, Kind: Repartition, Partitions: 2},
		}
		infos, err := Ensure(deadline(t), cl, topics)
		if err != nil {
			t.Fatal(err)
		}
		if i := infos[log]; !i.Created || i.Partitions != 3 || i.DeleteRetention != 2*time.Hour || i.ID == [16]byte{} {
			t.Errorf("changelog: %+v", i)
		}
		if i := infos[rep]; !i.Created || i.Partitions != 2 || i.DeleteRetention != 24*time.Hour || i.ID == infos[log].ID {
			t.Errorf("repartition: %+v", i)
		}
		want := map[string]string{"cleanup.policy": "compact", "message.timestamp.type": "CreateTime", "delete.retention.ms": "7200000"}
		if diff := cmp.Diff(want, configsOf(t, cl, log, "cleanup.policy", "message.timestamp.type", "delete.retention.ms")); diff != "" {
			t.Error(diff)
		}
		want = map[string]string{"cleanup.policy": "delete", "message.timestamp.type": "CreateTime", "retention.ms": "-1", "segment.bytes": "52428800"}
		if diff := cmp.Diff(want, configsOf(t, cl, rep, "cleanup.policy", "message.timestamp.type", "retention.ms", "segment.bytes")); diff != "" {
			t.Error(diff)
		}
		again, err := Ensure(deadline(t), cl, topics)
		if err != nil {
			t.Fatal(err)
		}
		if again[log].ID != infos[log].ID || again[log].Created || again[rep].Created {
			t.Errorf("second call: %+v", again)
		}
	})
}

func TestManyInstancesMakeTheSameTopics(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		topics := []Topic{{Name: kafkatest.NewName(t), Partitions: 2}, {Name: kafkatest.NewName(t), Kind: Repartition, Partitions: 4}}
		ids := make([]map[string]Info, 5)
		g, ctx := errgroup.WithContext(deadline(t))
		for i := range ids {
			cl := b.Client(t)
			g.Go(func() (err error) {
				ids[i], err = Ensure(ctx, cl, topics)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		created := 0
		for _, infos := range ids {
			if infos[topics[0].Name].ID != ids[0][topics[0].Name].ID {
				t.Error("two instances see two topics")
			}
			if infos[topics[1].Name].Created {
				created++
			}
		}
		if created != 1 {
			t.Errorf("%d instances made the topic", created)
		}
	})
}

func TestUnfitTopicsAreRefused(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		cl := b.Client(t)
		for name, c := range map[string]struct {
			kind    Kind
			configs []string
			want    []string // in the error
		}{
			"partitions":  {Changelog, []string{"cleanup.policy", "compact"}, []string{"has 2 partitions and needs 3", `store "counts"`, "reset the application"}},
			"not_compact": {Changelog, []string{"cleanup.policy", "delete"}, []string{"cleanup.policy=delete", "set cleanup.policy=compact"}},
			"compact":     {Repartition, []string{"cleanup.policy", "compact,delete"}, []string{"cleanup.policy=compact,delete", "set cleanup.policy=delete"}},
			"append_time": {Changelog, []string{"cleanup.policy", "compact", "message.timestamp.type", "LogAppendTime"}, []string{"LogAppendTime", "set message.timestamp.type=CreateTime"}},
		} {
			t.Run(name, func(t *testing.T) {
				topic := b.NewTopic(t, 2, c.configs...)
				n := int32(2)
				if name == "partitions" {
					n = 3
				}
				_, err := Ensure(deadline(t), cl, []Topic{{Name: topic, Kind: c.kind, Partitions: n, Why: `store "counts"`}})
				if err == nil {
					t.Fatal("accepted")
				}
				for _, w := range append(c.want, topic) {
					if !strings.Contains(err.Error(), w) {
						t.Errorf("error lacks %q: %v", w, err)
					}
				}
				var p *PartitionsError
				if errors.As(err, &p) != (name == "partitions") {
					t.Errorf("type of %v", err)
				}
			})
		}
	})
}

func TestCompactedAndDeletedChangelogIsAccepted(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		topic := b.NewTopic(t, 1, "cleanup.policy", "compact,delete")
		if _, err := Ensure(deadline(t), b.Client(t), []Topic{{Name: topic, Partitions: 1}}); err != nil {
			t.Error(err)
		}
	})
}

// A broker without a default replication factor gets as many as there are
// brokers, three at most.
func TestExplicitReplicationForBrokersWithoutDefault(t *testing.T) {
	b := kafkatest.Fake(t, kfake.NumBrokers(2))
	var factors []int16
	b.Fake.ControlKey(int16(kmsg.CreateTopics), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.Fake.KeepControl()
		r := req.(*kmsg.CreateTopicsRequest)
		factors = append(factors, r.Topics[0].ReplicationFactor)
		if r.Topics[0].ReplicationFactor != -1 {
			return nil, nil, false
		}
		resp := r.ResponseKind().(*kmsg.CreateTopicsResponse)
		st := kmsg.NewCreateTopicsResponseTopic()
		st.Topic, st.ErrorCode = r.Topics[0].Topic, kerr.InvalidReplicationFactor.Code
		resp.Topics = append(resp.Topics, st)
		return resp, nil, true
	})
	if _, err := Ensure(deadline(t), b.Client(t), []Topic{{Name: "log", Partitions: 1}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int16{-1, 2}, factors); diff != "" {
		t.Error(diff)
	}
}

func TestImpossibleReplicationFails(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		_, err := Ensure(deadline(t), b.Client(t), []Topic{{Name: kafkatest.NewName(t), Partitions: 1, ReplicationFactor: 7}})
		if !errors.Is(err, kerr.InvalidReplicationFactor) || !strings.Contains(err.Error(), "set a replication factor") {
			t.Error(err)
		}
	})
}

func TestTroubleOnTheWayIsRetried(t *testing.T) {
	b := kafkatest.Fake(t)
	b.Fake.Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Err: kerr.ThrottlingQuotaExceeded},
		kfake.Fault{Keys: []kmsg.Key{kmsg.DescribeConfigs}, Err: kerr.RequestTimedOut},
	)
	infos, err := Ensure(deadline(t), b.Client(t), []Topic{{Name: "log", Partitions: 1}})
	if err != nil || !infos["log"].Created {
		t.Error(infos, err)
	}
}

func TestMissingRightsAreNamed(t *testing.T) {
	b := kafkatest.Fake(t)
	b.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.CreateTopics}, Err: kerr.TopicAuthorizationFailed, Count: -1})
	_, err := Ensure(deadline(t), b.Client(t), []Topic{{Name: "log", Partitions: 1}})
	if !errors.Is(err, kerr.TopicAuthorizationFailed) || !strings.Contains(err.Error(), "grant Create") {
		t.Error(err)
	}
}

func TestEnsureEndsWithItsContext(t *testing.T) {
	b := kafkatest.Fake(t)
	p := kafkatest.NewProxy(t, b.Addrs[0])
	cl := b.Client(t, p.Option())
	p.Cut()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := Ensure(ctx, cl, []Topic{{Name: "log", Partitions: 1}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
