package millrace_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/topology"
)

// numbers are the texts of from up to, but without, to.
func numbers(from, to int) []string {
	var s []string
	for i := from; i < to; i++ {
		s = append(s, strconv.Itoa(i))
	}
	return s
}

func TestStartAtEarliest(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		put(t, b, in, 0, numbers(0, 10)...)
		catchUp(t, forward(in, out, topology.FromEarliest()), config(t, b, kafkatest.NewName(t)))
		if diff := cmp.Diff(numbers(0, 10), values(t, b, out)); diff != "" {
			t.Error(diff)
		}
	})
}

// Where "latest" was is committed before the first record comes: a crash in
// between, and what was written meanwhile, must not move it.
func TestStartAtLatestSurvivesACrashBeforeTheFirstRecord(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out, name := b.NewTopic(t, 2), b.NewTopic(t, 1), kafkatest.NewName(t)
		put(t, b, in, 0, "old")
		put(t, b, in, 1, "old", "old")
		first := start(t, forward(in, out, topology.FromLatest()), config(t, b, name))
		kafkatest.WaitFor(t, "commit of the start offsets", func() bool { return len(b.Committed(t, name)[in]) == 2 })
		first.Abort()
		_ = wait(t, first)
		put(t, b, in, 0, "new0")
		put(t, b, in, 1, "new1")
		catchUp(t, forward(in, out, topology.FromLatest()), config(t, b, name))
		got := values(t, b, out)
		slices.Sort(got)
		if diff := cmp.Diff([]string{"new0", "new1"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestStartAtTime(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 2), b.NewTopic(t, 1)
		day := time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC)
		for i := range 10 {
			b.Produce(t, &kgo.Record{Topic: in, Value: []byte(strconv.Itoa(i)), Timestamp: day.Add(time.Duration(i) * time.Hour)})
		}
		b.Produce(t, &kgo.Record{Topic: in, Partition: 1, Value: []byte("all before"), Timestamp: day})
		catchUp(t, forward(in, out, topology.FromTime(day.Add(6*time.Hour-time.Minute))), config(t, b, kafkatest.NewName(t)))
		if diff := cmp.Diff(numbers(6, 10), values(t, b, out)); diff != "" {
			t.Error(diff)
		}
	})
}

// One map gives offsets for some partitions of two topics; the others start as
// the source does; what is committed wins over all of that.
func TestStartAtOffsetsPerPartition(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		topic1, topic2, out, name := b.NewTopic(t, 2), b.NewTopic(t, 1), b.NewTopic(t, 1), kafkatest.NewName(t)
		put(t, b, topic1, 0, numbers(0, 30)...)
		put(t, b, topic1, 1, numbers(100, 105)...)
		put(t, b, topic2, 0, numbers(200, 203)...)
		topo := func() *topology.Builder {
			tb := topology.New()
			s := topology.StreamTopics[string, string](tb, []string{topic1, topic2}, topology.FromEarliest(),
				topology.FromOffsets(map[string]map[int32]int64{topic1: {0: 23}}))
			topology.To(s, out)
			return tb
		}
		catchUp(t, topo(), config(t, b, name))
		want := slices.Concat(numbers(100, 105), numbers(200, 203), numbers(23, 30))
		check := func() {
			t.Helper()
			got := values(t, b, out)
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		check()
		put(t, b, topic1, 0, "30")
		want = append(want, "30")
		catchUp(t, topo(), config(t, b, name))
		check()
	})
}

func TestCommittedOffsetWinsOverStart(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out, name := b.NewTopic(t, 2), b.NewTopic(t, 1), kafkatest.NewName(t)
		put(t, b, in, 0, numbers(0, 10)...)
		put(t, b, in, 1, numbers(10, 20)...)
		b.Commit(t, name, in, map[int32]int64{0: 4})
		catchUp(t, forward(in, out, topology.FromLatest(), topology.FromOffsets(map[string]map[int32]int64{in: {0: 8, 1: 9}})), config(t, b, name))
		got := values(t, b, out)
		slices.Sort(got)
		want := append([]string{"19"}, numbers(4, 10)...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
