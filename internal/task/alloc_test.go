package task

import (
	"encoding/binary"
	"testing"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// countTask is source -> map -> counting store -> sink, over nodes that do not
// allocate: what is left is the task's own doing.
func countTask(tb testing.TB, topics ...string) *Task {
	port := func() []graph.Port { return []graph.Port{graph.NewPort[uint64, uint64]()} }
	source := &graph.Node{ID: 0, Name: "source", Out: port(), Source: &graph.Source{MaxRate: 1e9}}
	source.Source.New = func(_ graph.Task, _ string, outs []any) (graph.Head, error) {
		return &numberHead{out: outs[0].(graph.Receiver[uint64, uint64])}, nil
	}
	double := &graph.Node{ID: 1, Name: "map", Out: port(), In: []graph.Edge{{From: source}}}
	double.New = func(_ graph.Task, outs []any) ([]any, error) {
		return []any{&doubleNode{outs[0].(graph.Receiver[uint64, uint64])}}, nil
	}
	count := &graph.Node{ID: 2, Name: "count", Out: port(), In: []graph.Edge{{From: double}}, Stores: []string{"s"}}
	count.New = func(t graph.Task, outs []any) ([]any, error) {
		n := &countNode{outs[0].(graph.Receiver[uint64, uint64]), t.Store("s").(*countStore), t.OperatorTime(count)}
		ctx := t.Context(count)
		ctx.Schedule(processor.StreamTime, 1, func(int64) error { return nil })
		return []any{n}, nil
	}
	sink := &graph.Node{ID: 3, Name: "sink", Sink: &graph.Sink{Topic: "out"}, In: []graph.Edge{{From: count}}}
	sink.New = func(t graph.Task, _ []any) ([]any, error) { return []any{&numberSink{t.Outbox()}}, nil }
	spec := &graph.StoreSpec{Name: "s", New: func(state.Store) graph.TaskStore { return &countStore{} }}
	t, err := New(Config{
		App: "app",
		Sub: &graph.Subtopology{
			Nodes: []*graph.Node{source, double, count, sink}, Sources: []*graph.Node{source},
			Sinks: []*graph.Node{sink}, Stores: []*graph.StoreSpec{spec},
		},
		Topics:         map[*graph.Node][]string{source: topics},
		Stores:         map[string]state.Store{"s": &memStore{}},
		MaxRecordBytes: 1 << 20,
		IdleWait:       -1,
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { t.Close() })
	return t
}

// feed keeps fetched records for one topic and hands them out again and again.
type feed struct {
	t       *Task
	topic   string
	records []graph.Input
}

func newFeed(t *Task, topic string, n int) *feed {
	f := &feed{t: t, topic: topic, records: make([]graph.Input, n)}
	for i := range f.records {
		key := binary.BigEndian.AppendUint64(nil, uint64(i%100))
		f.records[i] = graph.Input{Key: key, Value: key, Offset: int64(i)}
	}
	return f
}

func (f *feed) next() {
	f.t.Add(f.topic, f.records)
	for i := range f.records {
		f.records[i].Offset += int64(len(f.records))
		f.records[i].Time++
	}
}

func TestProcessAllocatesNothingPerRecord(t *testing.T) {
	task := countTask(t, "a", "b")
	a, b := newFeed(task, "a", 500), newFeed(task, "b", 500)
	task.outbox.Slab()
	empty := task.outbox.Mark() // not Reset, whose pool may forget what it is given
	round := func() {
		a.next()
		b.next()
		for {
			res, err := task.Process(1, 100)
			if err != nil {
				t.Fatal(err)
			}
			if res.Records == 0 {
				break
			}
			task.outbox.Rollback(empty)
		}
	}
	round() // queues and outbox grow
	if n := testing.AllocsPerRun(20, round); n != 0 {
		t.Errorf("%v allocations per 1,000 records", n)
	}
}

func TestACommitAllocatesOnlyMetadata(t *testing.T) {
	task := countTask(t, "a")
	a := newFeed(task, "a", 100)
	round := func() {
		a.next()
		if _, err := task.Process(1, 100); err != nil {
			t.Fatal(err)
		}
		c, err := task.Commit(1, 1)
		if err != nil {
			t.Fatal(err)
		}
		task.Settled(c)
		if _, err := task.Prune(task.Unapplied()); err != nil {
			t.Fatal(err)
		}
		task.Applied()
	}
	round()
	round()
	// The list of times, one topic's encoded bytes, their growth and text.
	if n := testing.AllocsPerRun(20, round); n > 5 {
		t.Errorf("%v allocations per commit", n)
	}
}

func BenchmarkProcess(b *testing.B) { benchmarkProcess(b, countTask(b, "a")) }

func benchmarkProcess(b *testing.B, task *Task) {
	f := newFeed(task, "a", 1000)
	b.ReportAllocs()
	for n := 0; n < b.N; n += 1000 {
		f.next()
		for {
			res, err := task.Process(1, 100)
			if err != nil {
				b.Fatal(err)
			}
			if res.Records == 0 {
				break
			}
		}
		task.outbox.Reset()
	}
}

type numberHead struct {
	out        graph.Receiver[uint64, uint64]
	key, value uint64
}

func (h *numberHead) Load(in *graph.Input, _ int64) (int64, error) {
	h.key, h.value = binary.BigEndian.Uint64(in.Key), binary.BigEndian.Uint64(in.Value)
	return in.Time, nil
}

func (h *numberHead) LoadNull(in *graph.Input, partitionTime int64) (int64, error) {
	return h.Load(in, partitionTime)
}

func (h *numberHead) Deliver(m *graph.Meta) error {
	m.HasKey, m.HasValue = true, true
	return h.out.Receive(h.key, h.value, m)
}

type doubleNode struct {
	out graph.Receiver[uint64, uint64]
}

func (n *doubleNode) Receive(key, value uint64, m *graph.Meta) error {
	return n.out.Receive(key, 2*value, m)
}

type countNode struct {
	out   graph.Receiver[uint64, uint64]
	store *countStore
	time  *int64
}

func (n *countNode) Receive(key, _ uint64, m *graph.Meta) error {
	*n.time = max(*n.time, m.Time)
	n.store.undo = key
	n.store.counts[key]++
	return n.out.Receive(key, n.store.counts[key], m)
}

type countStore struct {
	counts [100]uint64
	undo   uint64
}

func (s *countStore) Mark()                             {}
func (s *countStore) Undo()                             { s.counts[s.undo]-- }
func (s *countStore) Freeze(uint64, *state.Batch) error { return nil }
func (s *countStore) Applied(uint64)                    {}
func (s *countStore) Discard()                          {}
func (s *countStore) Bytes() (clean, dirty, f int64)    { return 0, 0, 0 }
func (s *countStore) Evict(int64)                       {}

type numberSink struct{ outbox *graph.Outbox }

func (s *numberSink) Receive(key, value uint64, m *graph.Meta) error {
	b := binary.BigEndian.AppendUint64(s.outbox.Slab(), key)
	s.outbox.Add(binary.BigEndian.AppendUint64(b, value), "out", -1, 8, 8, m)
	return nil
}
