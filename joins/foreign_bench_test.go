package joins_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// fan are the tasks of a foreign-key join, in memory.
type fan struct {
	testing.TB
	tasks map[string]*task.Task // by topics that they read
	seq   uint64
}

// newFan is a join in which n left rows name the right row "x", which is not
// there yet.
func newFan(tb testing.TB, n int) *fan {
	b := topology.New()
	left, right := topology.Table[string, string](b, "left", "left-rows"), topology.Table[string, string](b, "right", "right-rows")
	joined := joins.ForeignKey(left, right, "joined",
		func(_, row string) (string, bool) { return row, true }, func(_, _, row string) string { return row })
	topology.To(joined.ToStream(), "out")
	g, err := b.Build()
	if err != nil {
		tb.Fatal(err)
	}
	db, err := state.Memory().Open(context.Background(), state.Options{App: "app"})
	if err != nil {
		tb.Fatal(err)
	}
	f := &fan{tb, map[string]*task.Task{}, 0}
	for _, sub := range g.Subtopologies {
		cfg := task.Config{
			App: "app", Sub: sub, Topics: map[*graph.Node][]string{}, Positions: map[string]int64{}, Stores: map[string]state.Store{},
			IdleWait: -1,
		}
		for _, s := range sub.Stores {
			if cfg.Stores[s.Name], err = db.Store(state.ID{Name: s.Name}); err != nil {
				tb.Fatal(err)
			}
		}
		for _, src := range sub.Sources {
			cfg.Topics[src] = src.Source.TopicNames("app")
			cfg.Positions[cfg.Topics[src][0]] = 0
		}
		made, err := task.New(cfg)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { made.Close() })
		for topic := range cfg.Positions {
			f.tasks[topic] = made
		}
	}
	var rows []graph.Input
	for i := range n {
		rows = append(rows, graph.Input{Key: fmt.Appendf(nil, "left-%08d", i), Value: []byte("x")})
	}
	f.process("left", rows)
	var asks []graph.Input
	for out, i := f.tasks["left"].Outbox(), 0; i < out.Len(); i++ {
		asks = append(asks, graph.Input{Key: out.Key(i), Value: out.Value(i)})
	}
	const topic = "app-joined-subscription-registration-topic"
	f.process(topic, asks)
	f.commit(topic)
	return f
}

// process gives records to the task that reads a topic.
func (f *fan) process(topic string, records []graph.Input) {
	f.Helper()
	t := f.tasks[topic]
	for i := range records {
		records[i].Offset = t.Position(topic) + int64(i)
	}
	t.Add(topic, records)
	t.SetLag(topic, 0)
	if _, err := t.Process(0, len(records)); err != nil {
		f.Fatal(err)
	}
	if left, _ := t.BufferedTotal(); left > 0 {
		f.Fatalf("%d records of topic %s are left", left, topic)
	}
}

// commit commits and applies what the task that reads a topic has done.
func (f *fan) commit(topic string) {
	f.Helper()
	t := f.tasks[topic]
	f.seq++
	c, err := t.Commit(f.seq, 0)
	if err != nil {
		f.Fatal(err)
	}
	t.Settled(c)
	if err := t.Apply(nil); err != nil {
		f.Fatal(err)
	}
}

// change gives right row "x" another value, and returns the outbox with the
// answers, of which there must be n.
func (f *fan) change(row []byte, n int) *graph.Outbox {
	f.Helper()
	f.process("right", []graph.Input{{Key: []byte("x"), Value: row}})
	out := f.tasks["right"].Outbox()
	if out.Len() != n {
		f.Fatalf("%d answers, want %d", out.Len(), n)
	}
	return out
}

// However long the row, it is in memory once for all who wait for it.
func TestAnswersHoldTheRowOnce(t *testing.T) {
	const n, short, long = 500, 1000, 100_000
	held := func(size int) int { return newFan(t, n).change(make([]byte, size), n).Bytes() }
	if more := held(long) - held(short); more != long-short {
		t.Errorf("a row that is %d bytes longer makes its %d answers %d bytes longer", long-short, n, more)
	}
}

// BenchmarkFanOut is what an answer costs when the row of a foreign key changes
// that n rows have: time and memory until the task could commit, and what the
// answers hold until then.
func BenchmarkFanOut(b *testing.B) {
	for _, c := range []struct{ n, bytes int }{{1, 1000}, {100, 1000}, {10_000, 1000}, {100_000, 1000}, {10_000, 100_000}} {
		b.Run(fmt.Sprintf("n=%d/row=%d", c.n, c.bytes), func(b *testing.B) {
			f, row, held := newFan(b, c.n), make([]byte, c.bytes), 0
			for range 2 { // for both outboxes, which take turns
				f.change(row, c.n)
				f.commit("right")
			}
			var before, after runtime.MemStats
			var allocated uint64
			for b.Loop() {
				b.StopTimer()
				runtime.ReadMemStats(&before)
				b.StartTimer()
				out := f.change(row, c.n)
				b.StopTimer()
				runtime.ReadMemStats(&after)
				allocated += after.TotalAlloc - before.TotalAlloc
				held = int(out.Memory())
				f.commit("right")
				b.StartTimer()
			}
			answers := float64(b.N) * float64(c.n)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/answers, "ns/answer")
			b.ReportMetric(float64(allocated)/answers, "B/answer")
			b.ReportMetric(float64(held)/float64(c.n), "held-B/answer")
		})
	}
}
