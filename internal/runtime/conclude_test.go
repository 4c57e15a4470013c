package runtime

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-io/millrace/internal/kafkatest"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// levels counts how many words there are of each count. Both tables hold their
// rows back for longer than any test runs, and the second one lives on what
// the first one sends on.
func (r *rig) levels(cfg Config, emission topology.Option) Config {
	b := topology.New()
	words := topology.FlatMapValues(topology.Stream[string, string](b, r.in), strings.Fields)
	counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts", topology.EmitLatest(day))
	levels := topology.Count(topology.GroupTable(counts, levelOf), "levels", emission)
	topology.To(levels.ToStream(), r.out, topology.Serdes(serde.String, serde.DecimalInt64))
	return r.over(cfg, b, "counts", "counts-emit", "levels", "levels-emit")
}

const day = 24 * time.Hour

func levelOf(word string, n int64) topology.Pair[string, string] {
	return topology.Pair[string, string]{Key: fmt.Sprintf("level %d", n), Value: word}
}

// wantLevels are the rows that levels must come to.
func (r *rig) wantLevels() map[string]string {
	counts := make(map[int64]int)
	for _, n := range r.want {
		counts[n]++
	}
	want := make(map[string]string)
	for level, n := range counts {
		want[fmt.Sprintf("level %d", level)] = fmt.Sprint(n)
	}
	return want
}

// emitted is what has been written since the record at index from, by key: all
// values one after the other.
func (r *rig) emitted(from int) (rows map[string][]string, end int) {
	rows = make(map[string][]string)
	records := r.b.ReadCommitted(r.t, r.out)
	for _, rec := range records[from:] {
		rows[string(rec.Key)] = append(rows[string(rec.Key)], string(rec.Value))
	}
	return rows, len(records)
}

// checkLevels fails the test unless the last row of each level is right.
func (r *rig) checkLevels() {
	r.t.Helper()
	rows, _ := r.emitted(0)
	got := make(map[string]string)
	for level, values := range rows {
		if n := values[len(values)-1]; n != "0" && n != "" {
			got[level] = n
		}
	}
	if diff := cmp.Diff(r.wantLevels(), got); diff != "" {
		r.t.Errorf("levels (-want +got):\n%s", diff)
	}
}

// A bounded run ends before an interval does: what it has held back is sent on
// at its end, once, through all repartition topics.
func TestCaughtUpSendsOnWhatWasHeldBack(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for name, emission := range map[string]topology.Option{"latest": topology.EmitLatest(day), "snapshot": topology.EmitSnapshot(day)} {
			for _, exactlyOnce := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/exactly once %t", name, exactlyOnce), func(t *testing.T) {
					t.Parallel()
					r := newRig(t, b, 2)
					cfg := r.config()
					cfg.ExactlyOnce = exactlyOnce
					r.feed(300)
					r.catchUp(r.levels(cfg, emission))
					rows, end := r.emitted(0)
					if diff := cmp.Diff(slices.Sorted(maps.Keys(r.wantLevels())), slices.Sorted(maps.Keys(rows))); diff != "" {
						t.Errorf("levels (-want +got):\n%s", diff)
					}
					for level, values := range rows {
						if len(values) != 1 {
							t.Errorf("%s: sent on %q, want one row", level, values)
						}
					}
					r.checkLevels()

					cfg = r.config()
					cfg.ExactlyOnce = exactlyOnce
					r.feed(300)
					r.catchUp(r.levels(cfg, emission))
					if rows, _ := r.emitted(end); len(rows) == 0 {
						t.Error("a second run, with more input, has sent nothing on")
					}
					r.checkLevels()
				})
			}
		}
	})
}

// TestCaughtUpTogetherSendsOnWhatWasHeldBack has three instances conclude the
// tasks that each of them has.
func TestCaughtUpTogetherSendsOnWhatWasHeldBack(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		r := newRig(t, b, 4)
		r.feed(1000)
		config := func() Config { return r.levels(r.config(), topology.EmitLatest(day)) }
		r.catchUp(config(), config(), config())
		r.checkLevels()
	})
}

// A task that one instance has given back and the other one has not been given
// yet is nobody's to conclude: both wait for it.
func TestCaughtUpWaitsForTasksOnTheirWay(t *testing.T) {
	t.Parallel()
	r := newRig(t, kafkatest.Fake(t), 4)
	way := holdJoin(t, r.b)
	way.pass.Store(1) // the first one is that of a member that has not given anything back
	questions := make(chan struct{}, 10)
	r.b.Fake.ControlKey(int16(kmsg.DescribeGroups), func(kmsg.Request) (kmsg.Response, error, bool) {
		r.b.Fake.KeepControl()
		select {
		case <-way.here:
			select {
			case questions <- struct{}{}:
			default:
			}
		default:
		}
		return nil, nil, false
	})
	r.feed(1000)
	var runs sync.WaitGroup
	defer runs.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), kafkatest.WaitTimeout)
	defer cancel()

	cfg := r.levels(r.config(), topology.EmitLatest(day))
	cfg.Bounded = true
	first := New(cfg)
	runs.Go(func() {
		err := first.run(ctx, func(ctx context.Context) error {
			select {
			case <-way.here:
			case <-ctx.Done():
			}
			return first.caughtUp(ctx)
		})
		if err != nil {
			t.Errorf("first instance: %v", err)
		}
	})
	kafkatest.WaitFor(t, "all tasks on the first instance", func() bool { return len(first.tasks()) == 12 })
	r.settled()
	member, _ := first.group.GroupMetadata()
	way.member.Store(&member)

	second := New(r.levels(r.config(), topology.EmitLatest(day)))
	runs.Go(func() {
		if err := second.RunUntilCaughtUp(ctx); err != nil {
			t.Errorf("second instance: %v", err)
		}
	})
	ended := make(chan struct{})
	go func() {
		runs.Wait()
		close(ended)
	}()
	for range 4 { // who asks has not ended
		select {
		case <-questions:
		case <-ended:
			t.Fatal("both instances have ended, with tasks on their way from one to the other")
		}
	}
	way.let()
	runs.Wait()
	r.checkLevels()
}

// The last emission is part of a transaction like any other: one that does not
// commit takes it back, and it is made again.
func TestWhatWasHeldBackSurvivesFaults(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for _, crash := range []bool{false, true} {
			for _, point := range []Point{PointFrozen, PointBegun, PointSent, PointFlushed, PointOffsets} {
				t.Run(fmt.Sprintf("crash=%t/%s", crash, point), func(t *testing.T) {
					t.Parallel()
					r := newRig(t, b, 2)
					r.feed(300)
					for range 3 {
						cfg := r.levels(r.config(), topology.EmitLatest(day))
						var inst *Instance
						var seen atomic.Int32
						cfg.Fault = func(p Point, _ uint64) error {
							if p != point || seen.Add(1)%3 != 0 {
								return nil
							}
							if crash {
								inst.Abort()
							}
							return errInjected
						}
						inst = New(cfg)
						if err := inst.RunUntilCaughtUp(t.Context()); err != nil {
							t.Fatalf("RunUntilCaughtUp: %v", err)
						}
						if !crash {
							break
						}
					}
					r.catchUp(r.levels(r.config(), topology.EmitLatest(day)))
					r.checkLevels()
				})
			}
		}
	})
}

// What is sent on at the end may call other services: the run ends when they
// have answered.
func TestTheLastEmissionWaitsForItsCalls(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, b *kafkatest.Broker) {
		for _, exactlyOnce := range []bool{true, false} {
			r := newRig(t, b, 2)
			r.feed(50)
			tb := topology.New()
			words := topology.FlatMapValues(topology.Stream[string, string](tb, r.in), strings.Fields)
			counts := topology.Count(topology.GroupBy(words, func(_, word string) string { return word }), "counts", topology.EmitLatest(day))
			var first sync.Map
			answers := topology.MapValuesAsync(counts.ToStream(), func(_ context.Context, n int64) (int64, error) {
				if _, again := first.LoadOrStore(n, true); !again {
					return 0, errInjected
				}
				return n, nil
			}, topology.Async{Retries: 1, Backoff: 50 * time.Millisecond})
			topology.To(answers, r.out, topology.Serdes(serde.String, serde.DecimalInt64))
			cfg := r.over(r.config(), tb, "counts", "counts-emit")
			cfg.ExactlyOnce = exactlyOnce
			r.catchUp(cfg)
			want := make(map[string][]string)
			for word, n := range r.want {
				want[word] = []string{fmt.Sprint(n)}
			}
			rows, _ := r.emitted(0)
			if diff := cmp.Diff(want, rows); diff != "" {
				t.Errorf("exactly once %t: counts (-want +got):\n%s", exactlyOnce, diff)
			}
		}
	})
}

func TestALastEmissionThatFailsEndsTheRun(t *testing.T) {
	b := kafkatest.Fake(t)
	r := newRig(t, b, 1)
	r.feed(5)
	tb := topology.New()
	counts := topology.Count(topology.GroupByKey(topology.Stream[string, string](tb, r.in)), "counts", topology.EmitLatest(day))
	counts.ToStream().ForEachErr(func(string, int64) error { return errInjected })
	err := New(r.over(r.config(), tb, "counts", "counts-emit")).RunUntilCaughtUp(t.Context())
	var e *processor.Error
	if !errors.As(err, &e) || e.Class != processor.Punctuate || !errors.Is(err, errInjected) {
		t.Errorf("error is %v", err)
	}
}

// A topic that is written to all the time does not keep a bounded run from
// ending, and what came in after its start is not half done.
func TestALiveTopicDoesNotKeepARunFromConcluding(t *testing.T) {
	b := kafkatest.Fake(t)
	r := newRig(t, b, 2)
	r.feed(200)
	ctx, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	writer.Go(func() {
		cl, err := kgo.NewClient(b.Options()...)
		if err != nil {
			t.Error(err)
			return
		}
		defer cl.Close()
		for ctx.Err() == nil {
			cl.ProduceSync(ctx, r.line("live"))
		}
	})
	r.catchUp(r.levels(r.config(), topology.EmitLatest(day)))
	stop()
	writer.Wait()
	for _, rec := range b.ReadCommitted(t, r.in) {
		if string(rec.Value) == "live" {
			r.want["live"]++
		}
	}
	r.catchUp(r.levels(r.config(), topology.EmitLatest(day)))
	r.checkLevels()
}
