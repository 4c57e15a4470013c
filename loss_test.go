package millrace_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-io/millrace"
	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state/lsm"
	"github.com/millrace-io/millrace/topology"
)

// loss is what a source is told to do about lost records.
type loss struct {
	fail, earliest, latest bool
}

func (l loss) opts() []topology.Option {
	switch {
	case l.earliest:
		return []topology.Option{topology.LossToEarliest()}
	case l.latest:
		return []topology.Option{topology.LossToLatest()}
	}
	return nil
}

// eachLoss runs a test for each policy and broker.
func eachLoss(t *testing.T, test func(t *testing.T, b *kafkatest.Broker, l loss)) {
	for name, l := range map[string]loss{"fail": {fail: true}, "earliest": {earliest: true}, "latest": {latest: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they wait for a client's patience
			kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) { test(t, b, l) })
		})
	}
}

// processed runs an application over the first 10 records of a topic.
func processed(t *testing.T, b *kafkatest.Broker, l loss) (in, out string, cfg millrace.Config) {
	t.Helper()
	in, out = b.NewTopic(t, 1), b.NewTopic(t, 1)
	cfg = config(t, b, kafkatest.NewName(t))
	cfg.State = lsm.Dir(t.TempDir())
	put(t, b, in, 0, numbers(0, 10)...)
	catchUp(t, forward(in, out, l.opts()...), cfg)
	return in, out, cfg
}

func TestInputTruncatedWhileStopped(t *testing.T) {
	t.Parallel()
	eachLoss(t, func(t *testing.T, b *kafkatest.Broker, l loss) {
		in, out, cfg := processed(t, b, l)
		put(t, b, in, 0, numbers(10, 20)...)
		truncate(t, b, in, 0, 15)
		if l.fail {
			err := fails(t, forward(in, out), cfg)
			isError(t, err, processor.Commit, in, 0, 10, "the committed offset 10 is not in the log, which goes from 15 to 20", "data-loss policy")
			return
		}
		app := start(t, forward(in, out, l.opts()...), cfg)
		ready(t, app)
		put(t, b, in, 0, "20")
		want := append(numbers(0, 10), "20")
		if l.earliest {
			want = append(numbers(0, 10), numbers(15, 21)...)
		}
		expect(t, b, out, want)
	})
}

// The application is behind by more than it and its client hold in memory when
// the records that it would fetch next are deleted.
func TestInputTruncatedWhileRunning(t *testing.T) {
	t.Parallel()
	eachLoss(t, func(t *testing.T, b *kafkatest.Broker, l loss) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		cfg.Memory.Queues = 1 << 20
		reached, goOn := make(chan struct{}), make(chan struct{})
		var once, release sync.Once
		defer release.Do(func() { close(goOn) })
		tb := topology.New()
		s := topology.Stream[string, string](tb, in, l.opts()...)
		topology.To(topology.MapValues(s, func(v string) string {
			once.Do(func() { close(reached) })
			<-goOn
			number, _, _ := strings.Cut(v, " ")
			return number
		}), out)
		const n = 100
		rnd := rand.New(rand.NewPCG(1, 2))
		large := make([]string, n)
		for i := range large {
			large[i] = fmt.Sprint(i, " ", noise(rnd, 100_000))
		}
		put(t, b, in, 0, large...)
		app := start(t, tb, cfg)
		<-reached
		truncate(t, b, in, 0, n-2)
		release.Do(func() { close(goOn) })
		if l.fail {
			err := wait(t, app)
			at := offsetOf(err)
			if at <= 0 || at >= n-2 {
				t.Errorf("offset %d is not one that was lost", at)
			}
			isError(t, err, processor.Commit, in, 0, at, "is not in the log, which goes from 98 to 100", "data-loss policy")
			return
		}
		kafkatest.WaitFor(t, "the committed offset behind the loss", func() bool { return b.Committed(t, cfg.AppID)[in][0] >= n-2 })
		kafkatest.WaitFor(t, "all there is", func() bool {
			put(t, b, in, 0, "end")
			return slices.Contains(values(t, b, out), "end")
		})
		got := values(t, b, out)
		got = got[:slices.Index(got, "end")]
		lost := slices.IndexFunc(got, func(v string) bool { return v == fmt.Sprint(n-2) })
		if l.earliest {
			if lost < 0 {
				t.Fatalf("%v: what was left of the log is not processed", got)
			}
			got = got[:lost]
		}
		if len(got) == 0 || len(got) >= n-2 {
			t.Fatalf("%d records were processed before the loss", len(got))
		}
		if diff := cmp.Diff(numbers(0, len(got)), got); diff != "" {
			t.Error(diff)
		}
	})
}

// Brokers forget the offsets of a topic that is deleted: it is the state folder
// that remembers which topic was read.
func TestInputRecreatedWhileStopped(t *testing.T) {
	t.Parallel()
	eachLoss(t, func(t *testing.T, b *kafkatest.Broker, l loss) {
		in, out, cfg := processed(t, b, l)
		b.DeleteTopic(t, in)
		b.CreateTopic(t, in, 1)
		put(t, b, in, 0, numbers(100, 120)...)
		if l.fail {
			err := fails(t, forward(in, out), cfg)
			isError(t, err, processor.Commit, in, 0, -1, "recreated", "data-loss policy")
			return
		}
		app := start(t, forward(in, out, l.opts()...), cfg)
		ready(t, app)
		put(t, b, in, 0, "120")
		want := append(numbers(0, 10), "120")
		if l.earliest {
			want = append(numbers(0, 10), numbers(100, 121)...)
		}
		expect(t, b, out, want)
	})
}

func TestInputRecreatedWhileRunning(t *testing.T) {
	t.Parallel()
	eachLoss(t, func(t *testing.T, b *kafkatest.Broker, l loss) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		put(t, b, in, 0, numbers(0, 10)...)
		app := start(t, forward(in, out, l.opts()...), cfg)
		expect(t, b, out, numbers(0, 10))
		b.DeleteTopic(t, in)
		b.CreateTopic(t, in, 1)
		put(t, b, in, 0, numbers(100, 120)...)
		if l.fail {
			err := wait(t, app)
			isError(t, err, processor.Commit, in, 0, 10, "recreated", "data-loss policy")
			return
		}
		kafkatest.WaitFor(t, "what is written afterwards", func() bool {
			put(t, b, in, 0, "end")
			return slices.Contains(values(t, b, out), "end")
		})
		got := values(t, b, out)
		got = got[:slices.Index(got, "end")]
		want := numbers(0, 10)
		if l.earliest {
			want = append(want, numbers(100, 120)...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
