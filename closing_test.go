package millrace_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// closing counts in windows of a second, and sends on what has closed and what
// came too late for that.
type closing struct {
	b             *kafkatest.Broker
	begun         time.Time
	in, out, late string
	opts          []topology.Option
}

func newClosing(t *testing.T, b *kafkatest.Broker, opts ...topology.Option) *closing {
	return &closing{
		b: b, begun: time.Now().Truncate(time.Second), in: b.NewTopic(t, 2), out: b.NewTopic(t, 1), late: b.NewTopic(t, 1),
		opts: append(opts, windowing.EmitOnClose()),
	}
}

func (c *closing) topology() *topology.Builder {
	b := topology.New()
	in := topology.GroupByKey(topology.Stream[string, string](b, c.in))
	counts := windowing.Count(in, "counts", windowing.Tumbling(time.Second), c.opts...)
	second := func(w state.Windowed[string], _ int64) string {
		return fmt.Sprintf("%s in second %d", w.Key, (w.Start-c.begun.UnixMilli())/1000)
	}
	topology.To(topology.SelectKey(counts.ToStream(), second), c.out, topology.ValueSerde(serde.DecimalInt64))
	topology.To(counts.Late(), c.late)
	return b
}

// produce writes records of a key, whose values say when they were. The keys a
// and d are in different partitions.
func (c *closing) produce(t *testing.T, key string, after ...time.Duration) {
	t.Helper()
	var all []*kgo.Record
	for _, d := range after {
		r := kgo.KeyStringRecord(key, d.String())
		r.Topic, r.Timestamp = c.in, c.begun.Add(d)
		all = append(all, r)
	}
	c.b.Produce(t, all...)
}

// rows are those that were sent on, sorted.
func (c *closing) rows(t *testing.T, topic string) (rows []string) {
	t.Helper()
	for _, r := range c.b.ReadCommitted(t, topic) {
		rows = append(rows, fmt.Sprintf("%s: %s", r.Key, r.Value))
	}
	slices.Sort(rows)
	return rows
}

// wait waits until so many rows were sent on, and compares them.
func (c *closing) wait(t *testing.T, topic string, want ...string) {
	t.Helper()
	kafkatest.WaitFor(t, fmt.Sprint("rows ", want), func() bool { return len(c.rows(t, topic)) >= len(want) })
	c.compare(t, topic, want...)
}

func (c *closing) compare(t *testing.T, topic string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, c.rows(t, topic)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// No record comes that could close the windows: the clock does, once for each,
// and what comes then is late. So it is after a restart.
func TestWindowsCloseByTheClockWhileTheInputIsIdle(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		c := newClosing(t, b, windowing.CloseIdle(50*time.Millisecond))
		cfg := config(t, b, kafkatest.NewName(t))
		app := start(t, c.topology(), cfg)
		c.produce(t, "a", 100*time.Millisecond, 900*time.Millisecond)
		c.wait(t, c.out, "a in second 0: 2")
		c.produce(t, "a", 500*time.Millisecond, 1900*time.Millisecond)
		c.wait(t, c.out, "a in second 0: 2", "a in second 1: 1")
		c.wait(t, c.late, "a: 500ms")
		if err := app.stop(); err != nil {
			t.Fatal(err)
		}

		app = start(t, c.topology(), cfg)
		c.produce(t, "a", 1500*time.Millisecond, 2800*time.Millisecond)
		c.produce(t, "d", 700*time.Millisecond) // whose partition has a stream time of its own
		c.wait(t, c.out, "a in second 0: 2", "a in second 1: 1", "a in second 2: 1", "d in second 0: 1")
		c.wait(t, c.late, "a: 1.5s", "a: 500ms")
		if err := app.stop(); err != nil {
			t.Fatal(err)
		}
	})
}

// A bounded run leaves no window open, and the next one finds them closed.
func TestABoundedRunClosesAllWindows(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		c := newClosing(t, b)
		cfg := config(t, b, kafkatest.NewName(t))
		c.produce(t, "a", 0, 1500*time.Millisecond, 1600*time.Millisecond)
		c.produce(t, "d", 3200*time.Millisecond)
		catchUp(t, c.topology(), cfg)
		first := []string{"a in second 0: 1", "a in second 1: 2", "d in second 3: 1"}
		c.compare(t, c.out, first...)

		c.produce(t, "a", 1700*time.Millisecond, 2500*time.Millisecond)
		c.produce(t, "d", 3300*time.Millisecond)
		catchUp(t, c.topology(), cfg)
		c.compare(t, c.out, slices.Concat(first[:2], []string{"a in second 2: 1"}, first[2:])...)
		c.compare(t, c.late, "a: 1.7s", "d: 3.3s")
	})
}
