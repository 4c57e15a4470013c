package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/millrace-io/millrace/internal/kafkatest"
)

const (
	partitions = 8
	copies     = 3
)

// The values of the word count's flag -guarantee.
const (
	exactlyOnce = "exactly-once"
	atLeastOnce = "at-least-once"
)

// run is one test from the first word to the verdict.
type run struct {
	t         *testing.T
	broker    *kafkatest.Broker
	guarantee string
	app       string
	in, out   string
	rnd       *rand.Rand // for strokes
	fleet     *fleet
	feeder    *feeder
	watcher   *watcher
	start     time.Time
	strokes   int
}

// begin starts copies of the word count and the feeding, and returns when
// counts come from all of them. The words of s are spread over a time; it is
// how long the strokes take.
func begin(t *testing.T, b *kafkatest.Broker, guarantee string, n int, s size, over time.Duration) *run {
	t.Helper()
	words, strokes := seeded(t)
	r := &run{t: t, broker: b, guarantee: guarantee, app: kafkatest.NewName(t), rnd: strokes}
	r.in, r.out = b.NewTopic(t, partitions), b.NewTopic(t, partitions)
	exe, err := wordcount()
	if err != nil {
		t.Fatal(err)
	}
	r.fleet = newFleet(t, b, strokes, []string{exe}, "-feed=false", "-http=", "-v", "-app", r.app, "-in", r.in, "-out", r.out,
		"-guarantee", guarantee, "-session", s.session.String())
	for range n {
		r.fleet.add()
	}
	kafkatest.WaitFor(t, "all copies in the group", func() bool {
		r.fleet.check()
		return b.Members(t, r.app) == n
	})
	r.watcher = watch(t, b, r.out)
	r.feeder = feed(t, b, r.in, words, s.words, over)
	r.awaitOutput()
	r.start = time.Now()
	r.watcher.restart()
	return r
}

// awaitOutput returns when every partition of the output has had a record.
func (r *run) awaitOutput() {
	r.t.Helper()
	kafkatest.WaitFor(r.t, "counts in all partitions of the output", func() bool {
		r.fleet.check()
		return r.watcher.partitions() == partitions
	})
}

// pass lets words flow for about d, by chance between half and one and a half
// of it.
func (r *run) pass(d time.Duration) {
	time.Sleep(d/2 + time.Duration(r.rnd.Int64N(int64(d))))
}

// finish stops the feeding, waits until everything is processed, stops the
// copies, judges and prints the figures.
func (r *run) finish(name, unit string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), settleTimeout)
	defer cancel()
	if err := r.feeder.flush(ctx); err != nil {
		r.t.Fatal(err)
	}
	r.settle()
	total := time.Since(r.start)
	r.fleet.stop()

	want, lines := tally(r.t, r.broker, r.in)
	if acked := int(r.feeder.acked.Load()); lines < acked {
		r.t.Errorf("the broker has lost %d of %d acknowledged lines of the input", acked-lines, acked)
	}
	v := judge(r.t, r.broker, want, r.out, r.app+"-counts-changelog")
	_, p := r.watcher.seen()
	found := fmt.Sprintf("lost %d, doubled %d", v.lost, v.doubled)
	if r.guarantee == atLeastOnce {
		found = fmt.Sprintf("words without their final count %d, counts doubled %d", v.short, v.doubled)
	}
	fmt.Printf("chaos %s: %s words, %d %s, %s, longest pause %s (one partition %s, slowest record %s), total %s\n",
		name, grouped(v.words), r.strokes, unit, found, seconds(p.all), seconds(p.one), seconds(p.slowest), seconds(total))
	switch {
	case r.guarantee == exactlyOnce && !v.exactlyOnce():
		r.t.Errorf("not exactly once: lost %d, doubled %d, out of order %d, wrong in the changelog %d; first: %s", v.lost, v.doubled, v.falls, v.wrong, v.first)
	case r.guarantee == atLeastOnce && v.short > 0:
		r.t.Errorf("%d words lack their final count; first: %s", v.short, v.first)
	}
}

// settleTimeout is for the group to get over the last stroke, which takes a
// session time-out or two, and to catch up.
const settleTimeout = 2 * time.Minute

// settle waits until the group's committed offsets have reached the ends of
// the input and then of the repartition topic.
func (r *run) settle() {
	r.t.Helper()
	deadline := time.Now().Add(settleTimeout)
	adm := r.broker.Admin(r.t)
	for _, topic := range []string{r.in, r.app + "-counts-repartition"} {
		for {
			r.fleet.check()
			left, err := behind(adm, r.app, topic)
			if err == nil && left == 0 {
				break
			}
			if time.Now().After(deadline) {
				r.t.Fatalf("%s after the last word, %d records of %s are not processed (%v)", settleTimeout, left, topic, err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	all := len(r.broker.ReadCommitted(r.t, r.out))
	kafkatest.WaitFor(r.t, "the watcher at the end of the output", func() bool {
		n, _ := r.watcher.seen()
		return n >= all
	})
}

// behind is how far the group's committed offsets are from the ends of a topic.
func behind(adm *kadm.Client, group, topic string) (int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ends, err := adm.ListEndOffsets(ctx, topic)
	if err != nil {
		return -1, err
	}
	if err := ends.Error(); err != nil {
		return -1, err
	}
	committed, err := adm.FetchOffsetsForTopics(ctx, group, topic)
	if err != nil {
		return -1, err
	}
	var left int64
	ends.Each(func(e kadm.ListedOffset) {
		o, _ := committed.Lookup(topic, e.Partition)
		left += e.Offset - max(o.At, 0)
	})
	return left, nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// grouped writes a number with commas between its thousands.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}
