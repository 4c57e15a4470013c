package millrace_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// tally counts values per key in a store, and with every tick of its clock
// forwards and deletes what it has.
type tally struct {
	ctx   processor.Context
	store state.KeyValue[string, int64]
	clock processor.Clock
	every time.Duration
}

func (p *tally) Init(out processor.Output[string, string]) error {
	p.ctx.Schedule(p.clock, p.every, func(nowMs int64) error {
		for key, n := range p.store.All() {
			if err := out.Forward(processor.NewRecord(key, fmt.Sprintf("%s=%d", key, n), max(nowMs, 0))); err != nil {
				return err
			}
			if err := p.store.Delete(key); err != nil {
				return err
			}
		}
		return p.store.ScanErr()
	})
	return nil
}

func (p *tally) Process(r processor.Record[string, string], _ processor.Output[string, string]) error {
	n, _, err := p.store.Get(r.Key)
	if err != nil {
		return err
	}
	return p.store.Put(r.Key, n+1)
}

func tallies(in, out string, clock processor.Clock, every time.Duration) *topology.Builder {
	b := topology.New()
	store := topology.NewStore[string, int64](b, "tally")
	s := topology.Process(topology.Stream[string, string](b, in), func(ctx processor.Context) *tally {
		return &tally{ctx: ctx, store: store.Open(ctx), clock: clock, every: every}
	}, topology.With(store))
	topology.To(s, out)
	return b
}

// Stream time drives punctuations by the records' times alone: the result is
// the same whenever it runs, also over a restart in the middle.
func TestPunctuationByStreamTime(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		at := func(second int, key string) {
			b.Produce(t, &kgo.Record{Topic: in, Key: []byte(key), Value: []byte("x"), Timestamp: time.Unix(1_700_000_000+int64(second), 0)})
		}
		at(0, "first") // is due at once
		at(1, "a")
		at(2, "b")
		at(3, "a")
		catchUp(t, tallies(in, out, processor.StreamTime, 10*time.Second), cfg)
		at(4, "a")
		at(11, "c")
		at(12, "d")
		at(40, "e")
		catchUp(t, tallies(in, out, processor.StreamTime, 10*time.Second), cfg)
		got := values(t, b, out)
		if diff := cmp.Diff([]string{"first=1"}, got[:1]); diff != "" {
			t.Error(diff)
		}
		counts := make(map[string]int)
		for _, v := range got[1:] {
			key, n, _ := strings.Cut(v, "=")
			var more int
			if _, err := fmt.Sscan(n, &more); err != nil {
				t.Fatal(err)
			}
			counts[key] += more
		}
		if diff := cmp.Diff(map[string]int{"a": 3, "b": 1, "c": 1, "d": 1, "e": 1}, counts); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPunctuationByWallClock(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		for _, key := range []string{"a", "b", "a"} {
			b.Produce(t, &kgo.Record{Topic: in, Key: []byte(key), Value: []byte("x")})
		}
		// Not in a bounded run, whose result must not depend on the clock.
		catchUp(t, tallies(in, out, processor.WallClock, time.Millisecond), cfg)
		if got := values(t, b, out); len(got) != 0 {
			t.Errorf("%v in a bounded run", got)
		}
		start(t, tallies(in, out, processor.WallClock, 10*time.Millisecond), cfg)
		expect(t, b, out, []string{"a=2", "b=1"})
	})
}

// seen is what a Processor is told about a record.
type seen struct {
	Key, Value       string
	HasKey, HasValue bool
	Time             int64
	Headers          string
	Place            string
}

type witness struct {
	ctx  processor.Context
	tell func(seen)
}

func (p *witness) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	s := seen{Key: r.Key, Value: r.Value, HasKey: r.HasKey, HasValue: r.HasValue, Time: r.Time}
	for _, h := range r.Headers {
		s.Headers += fmt.Sprintf("%s=%s;", h.Key, h.Value)
	}
	s.Place = fmt.Sprintf("%s/%s/%s[%d]@%d at %d", p.ctx.Task(), p.ctx.Node(), p.ctx.Topic(), p.ctx.Partition(), p.ctx.Offset(), p.ctx.StreamTime())
	p.tell(s)
	r.Headers = append(slices.Clone(r.Headers), processor.Header{Key: "by", Value: []byte(p.ctx.Node())})
	return out.Forward(r)
}

func TestProcessorSeesRecordsAsTheyAre(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		var mu sync.Mutex // guards got
		var got []seen
		tb := topology.New()
		s := topology.Process(topology.Stream[string, string](tb, in), func(ctx processor.Context) *witness {
			return &witness{ctx, func(s seen) {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, s)
			}}
		}, topology.Name("watch"))
		topology.To(s, out)
		const ms = 1_700_000_000_000
		b.Produce(t,
			&kgo.Record{Topic: in, Key: []byte("k"), Value: []byte("v"), Timestamp: time.UnixMilli(ms), Headers: []kgo.RecordHeader{{Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte("2")}}},
			&kgo.Record{Topic: in, Key: []byte("k"), Timestamp: time.UnixMilli(ms + 5)},
			&kgo.Record{Topic: in, Value: []byte("v"), Timestamp: time.UnixMilli(ms + 1)},
			&kgo.Record{Topic: in, Key: []byte{}, Value: []byte{}, Timestamp: time.UnixMilli(ms + 2)})
		catchUp(t, tb, config(t, b, kafkatest.NewName(t)))
		place := func(offset, streamTime int64) string {
			return fmt.Sprintf("0_0/watch/%s[0]@%d at %d", in, offset, streamTime)
		}
		want := []seen{
			{"k", "v", true, true, ms, "a=1;a=2;", place(0, ms)},
			{"k", "", true, false, ms + 5, "", place(1, ms+5)},
			{"", "v", false, true, ms + 1, "", place(2, ms+5)},
			{"", "", true, true, ms + 2, "", place(3, ms+5)},
		}
		mu.Lock()
		defer mu.Unlock()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		written := b.ReadCommitted(t, out)
		if len(written) != 4 || written[1].Value != nil || written[2].Key != nil || written[3].Key == nil || written[3].Value == nil {
			t.Fatalf("nulls and empty texts are mixed up: %v", written)
		}
		if !written[1].Timestamp.Equal(time.UnixMilli(ms+5)) || header(written[0], "by") != "watch" || len(written[0].Headers) != 3 {
			t.Errorf("%v %v", written[1].Timestamp, written[0].Headers)
		}
	})
}

// asker asks for a commit with the records whose value is "commit".
type asker struct{ ctx processor.Context }

func (p *asker) Process(r processor.Record[string, string], out processor.Output[string, string]) error {
	if r.Value == "commit" {
		p.ctx.Commit()
	}
	return out.Forward(r)
}

func TestProcessorAsksForACommit(t *testing.T) {
	t.Parallel()
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		in, out := b.NewTopic(t, 1), b.NewTopic(t, 1)
		cfg := config(t, b, kafkatest.NewName(t))
		cfg.CommitInterval, cfg.TransactionTimeout = 10*time.Minute, 14*time.Minute
		tb := topology.New()
		topology.To(topology.Process(topology.Stream[string, string](tb, in), func(ctx processor.Context) *asker { return &asker{ctx} }), out)
		start(t, tb, cfg)
		put(t, b, in, 0, "1", "2", "commit", "4")
		expect(t, b, out, []string{"1", "2", "commit"})
	})
}
