package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

const ads = 200

// ticker writes impressions of ads and clicks on them, at an even pace. Event
// times are those of the wall clock, of clicks up to three seconds less: some
// match and some do not.
type ticker struct {
	t                   *testing.T
	cl                  *kgo.Client
	impressions, clicks string
	rnd                 *rand.Rand
	n                   int
}

func (k *ticker) record(topic, key, value string, at time.Time) {
	r := kgo.KeyStringRecord(key, value)
	r.Topic, r.Timestamp = topic, at
	k.cl.Produce(context.Background(), r, func(_ *kgo.Record, err error) {
		if err != nil {
			k.t.Errorf("write the input: %v", err)
		}
	})
}

// run writes for a time, some 2,000 records a second.
func (k *ticker) run(d time.Duration) {
	tick := time.NewTicker(feedStep)
	defer tick.Stop()
	for end := time.Now().Add(d); time.Now().Before(end); <-tick.C {
		for range 40 {
			k.n++
			ad, now := fmt.Sprint("ad-", k.rnd.IntN(ads)), time.Now()
			if k.rnd.IntN(4) > 0 {
				k.record(k.impressions, ad, fmt.Sprint("i", k.n), now)
			} else {
				k.record(k.clicks, ad, fmt.Sprint("c", k.n), now.Add(-time.Duration(k.rnd.IntN(3000))*time.Millisecond))
			}
		}
	}
}

// end writes an impression of half an hour later to every partition, so that all is
// decided, and waits until everything is written.
func (k *ticker) end() {
	later := time.Now().Add(30 * time.Minute)
	seen := map[int32]bool{}
	for i := 0; len(seen) < partitions; i++ {
		r := kgo.KeyStringRecord(fmt.Sprint("end-", i), "end")
		r.Topic, r.Timestamp = k.impressions, later
		if err := k.cl.ProduceSync(context.Background(), r).FirstErr(); err != nil {
			k.t.Fatal(err)
		}
		seen[r.Partition] = true
	}
	if err := k.cl.Flush(context.Background()); err != nil {
		k.t.Fatal(err)
	}
}

// event is a record of the input.
type event struct {
	value string
	ms    int64
}

// events are the records of a topic by key, without those of the end.
func events(t *testing.T, b *kafkatest.Broker, topic string) map[string][]event {
	t.Helper()
	all := map[string][]event{}
	for _, r := range b.ReadCommitted(t, topic) {
		if string(r.Value) != "end" {
			all[string(r.Key)] = append(all[string(r.Key)], event{string(r.Value), r.Timestamp.UnixMilli()})
		}
	}
	return all
}

// outcomes are the results that the join should have, by how often: each
// impression with each click on its ad within the window, or alone, and the
// clicks that have none.
func outcomes(impressions, clicks map[string][]event) map[string]int {
	want := map[string]int{}
	for ad := range ads {
		key := fmt.Sprint("ad-", ad)
		found := map[string]bool{}
		for _, i := range impressions[key] {
			for _, c := range clicks[key] {
				if i.ms <= c.ms && c.ms <= i.ms+clickWithin.Milliseconds() {
					want[pair(i.value, c.value)]++
					found[i.value], found[c.value] = true, true
				}
			}
			if !found[i.value] {
				want[pair(i.value, "")]++
			}
		}
		for _, c := range clicks[key] {
			if !found[c.value] {
				want[pair("", c.value)]++
			}
		}
	}
	return want
}

func TestKilledJoinOnKafka(t *testing.T) {
	b := kafkatest.Kafka(t)
	s := sized()
	words, strokes := seeded(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	app, out := kafkatest.NewName(t), b.NewTopic(t, partitions)
	k := &ticker{t: t, cl: b.Client(t, kgo.ProducerLinger(5*time.Millisecond), kgo.MaxBufferedRecords(1<<20)),
		impressions: b.NewTopic(t, partitions), clicks: b.NewTopic(t, partitions), rnd: words}
	f := newFleet(t, b, strokes, []string{exe, joiner}, "-app", app, "-impressions", k.impressions, "-clicks", k.clicks,
		"-out", out, "-session", s.session.String())
	f.moves = true
	for range copies {
		f.add()
	}
	kafkatest.WaitFor(t, "all copies in the group", func() bool {
		f.check()
		return b.Members(t, app) == copies
	})
	for range s.strokes {
		k.run(s.every/2 + time.Duration(strokes.Int64N(int64(s.every))))
		c := f.pick()
		c.kill()
		f.again(c)
	}
	k.run(s.every)
	k.end()
	adm := b.Admin(t)
	kafkatest.WaitFor(t, "all input processed", func() bool {
		f.check()
		left, err := behind(adm, app, k.impressions)
		more, err2 := behind(adm, app, k.clicks)
		return err == nil && err2 == nil && left+more == 0
	})
	f.stop()

	impressions, clicks := events(t, b, k.impressions), events(t, b, k.clicks)
	want, matched := outcomes(impressions, clicks), 0
	got := map[string]int{}
	for _, r := range b.ReadCommitted(t, out) {
		got[string(r.Value)]++
	}
	lost, doubled := 0, 0
	for result, n := range want {
		lost += max(0, n-got[result])
		if result[0] != '|' && result[len(result)-1] != '|' {
			matched++
		}
	}
	for result, n := range got {
		doubled += max(0, n-want[result])
	}
	fmt.Printf("chaos join: %s records, %d kills, %s results, %s of them matches, lost %d, too many %d\n",
		grouped(k.n), s.strokes, grouped(len(want)), grouped(matched), lost, doubled)
	if lost+doubled > 0 || matched == 0 {
		t.Errorf("the join of %d records has lost %d of %d results and has %d too many", k.n, lost, len(want), doubled)
	}
}
