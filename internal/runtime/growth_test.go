package runtime

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/topology"
)

// TestNewTopicsOfAPatternAreReadFromTheirStart: also where the source starts
// at the latest offset otherwise.
func TestNewTopicsOfAPatternAreReadFromTheirStart(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 1)
		first := r.app + "-in-1"
		b.CreateTopic(t, first, 2)
		builder := topology.New()
		topology.To(topology.StreamPattern[string, string](builder, "^"+r.app+"-in-[0-9]+$", topology.FromLatest()), r.out)
		g, err := builder.Build()
		if err != nil {
			t.Fatal(err)
		}
		cfg := r.config()
		cfg.Graph = g
		inst := r.start(cfg)
		waitRunning(t, inst.Instance, 2)
		second := r.app + "-in-2"
		b.CreateTopic(t, second, 3)
		for p := range int32(3) {
			b.Produce(t, &kgo.Record{Topic: second, Partition: p, Value: fmt.Appendf(nil, "v%d", p)})
		}
		kafkatest.WaitFor(t, "the records of the new topic", func() bool { return len(b.ReadCommitted(t, r.out)) == 3 })
		if err := inst.stop(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestGrowthOfAStatefulInputStopsWithTheRemedy: the repartition topic keeps
// its size, so more lines partitions are fine; an aggregation that reads its
// input as it is cannot follow.
func TestGrowthOfAStatefulInputStopsWithTheRemedy(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 2)
		builder := topology.New()
		topology.Count(topology.GroupByKey(topology.Stream[string, string](builder, r.in)), "direct")
		g, err := builder.Build()
		if err != nil {
			t.Fatal(err)
		}
		cfg := r.config()
		cfg.Graph = g
		inst := r.start(cfg)
		waitRunning(t, inst.Instance, 2)
		grow(t, b, r.in, 4)
		err = <-inst.done
		inst.done <- err
		if err == nil {
			t.Fatal("Run returned nil")
		}
		t.Log(err)
	})
}

// TestGrowthOfAStatelessInputIsFollowed: lines are only split and handed on.
func TestGrowthOfAStatelessInputIsFollowed(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 1)
		inst := r.start(r.config())
		waitRunning(t, inst.Instance, 2)
		r.feed(100)
		grow(t, b, r.in, 3)
		waitRunning(t, inst.Instance, 4)
		r.feed(200)
		if err := inst.stop(); err != nil {
			t.Fatal(err)
		}
		r.catchUp(r.config())
		r.check()
	})
}

func grow(t *testing.T, b *kafkatest.Broker, topic string, partitions int) {
	t.Helper()
	resp, err := b.Admin(t).UpdatePartitions(t.Context(), partitions, topic)
	if err == nil {
		err = resp.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func waitRunning(t *testing.T, i *Instance, tasks int) {
	t.Helper()
	kafkatest.WaitFor(t, fmt.Sprintf("%d running tasks", tasks), func() bool { return len(i.running()) == tasks })
}
