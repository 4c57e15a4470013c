package runtime

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// queued is the most that the tasks of an instance have held in their queues,
// in bytes as they count them.
func queued(run *running) int64 {
	var bytes int64
	for _, h := range *run.held.Load() {
		if p := h.pub.Load(); p != nil {
			for _, in := range p.Inputs {
				bytes += in.BufferedBytes.Load()
			}
		}
	}
	return bytes
}

// TestAFetchFillsAShareOfTheQueues unless the application's own options say
// otherwise: what is fetched comes on top of what the queues may hold.
func TestAFetchFillsAShareOfTheQueues(t *testing.T) {
	b := kafkatest.Fake(t)
	for _, c := range []struct {
		queues  int64
		options []kgo.Opt
		fetch   int32
		part    int32
	}{
		{1 << 20, nil, 64 << 10, 32 << 10},
		{1 << 40, nil, 50 << 20, 25 << 20}, // the client reads no more than 100 MiB
		{1 << 20, []kgo.Opt{kgo.FetchMaxBytes(123_456)}, 123_456, 32 << 10},
		{1 << 20, []kgo.Opt{kgo.FetchMaxBytes(12_345)}, 12_345, 12_345},
		{1 << 20, []kgo.Opt{kgo.FetchMaxPartitionBytes(12_345)}, 64 << 10, 12_345},
	} {
		r := newRig(t, b, 1)
		cfg := r.config()
		cfg.QueueBytes, cfg.Client = c.queues, append(cfg.Client, c.options...)
		inst := New(cfg)
		if err := inst.RunUntilCaughtUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := inst.group.OptValue(kgo.FetchMaxBytes); got != c.fetch {
			t.Errorf("a fetch has %v bytes, want %d", got, c.fetch)
		}
		if got := inst.group.OptValue(kgo.FetchMaxPartitionBytes); got != c.part {
			t.Errorf("a partition has %v bytes of it, want %d", got, c.part)
		}
	}
}

// TestQueuesAreBounded gives a slow operator far more than its queues may hold.
// What one fetch brings may come on top of the bound, and no more.
func TestQueuesAreBounded(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		const bound, fetch, records, size = 20_000, 30_000, 1000, 1000
		r := newRig(t, b, 2)
		var all []*kgo.Record
		for i := range records {
			word := "w" + strconv.Itoa(i%10)
			value := make([]byte, size) // random, since fetches are bounded in compressed bytes
			for j := range value {
				value[j] = byte(r.rnd.Uint32())
			}
			all = append(all, &kgo.Record{Topic: r.in, Key: []byte(strconv.Itoa(i)), Value: append([]byte(word), value...)})
			r.want[word]++
		}
		// In batches of a few records: a fetch returns whole batches.
		for len(all) > 0 {
			n := min(8, len(all))
			b.Produce(t, all[:n]...)
			all = all[n:]
		}
		tb := topology.New()
		lines := topology.Stream[string, string](tb, r.in)
		words := topology.FlatMapValues(lines, func(line string) []string {
			time.Sleep(200 * time.Microsecond) // the work of a slow operator
			return []string{line[:2]}
		})
		counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts")
		topology.To(counts.ToStream(), r.out, topology.Serdes(serde.String, serde.DecimalInt64))
		cfg := r.over(r.config(), tb, "counts")
		cfg.QueueBytes = bound
		cfg.Client = append(cfg.Client, kgo.FetchMaxBytes(fetch), kgo.FetchMaxPartitionBytes(fetch/2))
		inst := r.start(cfg)
		var most int64
		starved := 0
		kafkatest.WaitFor(t, "the end of the input", func() bool {
			most = max(most, queued(inst))
			if inst.starved.Load() {
				starved++
			}
			return inst.Totals().Records >= 2*records
		})
		r.settled()
		r.check()
		if limit := int64(bound + 4*fetch); most > limit || most == 0 {
			t.Errorf("up to %d bytes were queued, the bound is %d and a fetch has %d", most, bound, fetch)
		}
		t.Logf("up to %d bytes were queued, seen waiting %d times", most, starved)
		if starved == 0 {
			t.Error("the fetcher never waited")
		}
	})
}

// TestALaggingInputIsFed has a task with two inputs, one much longer than the
// other and all of it later, and queues that hold a small part of it. The task
// waits for the short one, which must not wait for the queues.
func TestALaggingInputIsFed(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for _, shortFirst := range []bool{true, false} {
			t.Run(fmt.Sprintf("short one earlier %t", shortFirst), func(t *testing.T) {
				r := newRig(t, b, 2)
				long, short := r.in, b.NewTopic(t, 2)
				start := time.Now().Add(-time.Hour)
				write := func(topic string, n int, from time.Time) {
					for n > 0 {
						var batch []*kgo.Record
						for range min(n, 50) {
							word := "w" + strconv.Itoa(n%20)
							r.want[word]++
							from = from.Add(time.Millisecond)
							batch = append(batch, &kgo.Record{Topic: topic, Key: []byte(word), Value: []byte(strings.Repeat("x", 200)), Timestamp: from})
							n--
						}
						b.Produce(t, batch...)
					}
				}
				write(long, 3000, start)
				if shortFirst {
					write(short, 300, start)
				} else {
					write(short, 300, start.Add(time.Minute))
				}
				tb := topology.New()
				both := topology.StreamTopics[string, string](tb, []string{long, short})
				counts := topology.Count(topology.GroupByKey(both), "counts")
				topology.To(counts.ToStream(), r.out, topology.Serdes(serde.String, serde.DecimalInt64))
				cfg := r.over(r.config(), tb, "counts")
				cfg.QueueBytes = 4000
				cfg.Client = append(cfg.Client, kgo.FetchMaxBytes(20_000), kgo.FetchMaxPartitionBytes(10_000))
				var paused atomic.Bool
				inst := r.start(cfg)
				kafkatest.WaitFor(t, "the end of both inputs", func() bool {
					if inst.pausedInputs() > 0 {
						paused.Store(true)
					}
					return r.reached(long) && r.reached(short)
				})
				r.check()
				t.Logf("inputs were paused: %t", paused.Load())
			})
		}
	})
}

// pausedInputs is how many inputs are not fetched for now.
func (i *Instance) pausedInputs() int64 {
	if paused := i.paused.Load(); paused != nil {
		return int64(len(*paused))
	}
	return 0
}
