package task

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// rig is a task with sources -> one node of the test's own -> sink "out", and
// a store "s" of strings.
type rig struct {
	*testing.T
	*Task
	cfg     Config
	sources []*graph.Node
	node    *graph.Node
	base    *memStore
	failed  []string // what OnError was told
	made    int      // how often the node was instantiated
	starts  int
	closes  int
}

// step is what the test's node does with a record. A nil one passes it on.
type step func(n *fnNode, key, value string, m *graph.Meta) error

func newRig(t *testing.T, fn step, topics ...string) *rig {
	r := &rig{T: t, base: &memStore{rows: map[string]string{}}}
	r.node = &graph.Node{ID: 10, Name: "fn", Stores: []string{"s"}, Out: []graph.Port{graph.NewPort[string, string]()}}
	r.node.New = func(gt graph.Task, outs []any) ([]any, error) {
		r.made++
		s := gt.Store("s").(*memView)
		return []any{&fnNode{
			r: r, fn: fn, out: outs[0].(graph.Receiver[string, string]), store: s, ctx: gt.Context(r.node),
			dropped: gt.Counter(r.node, "null_key"), time: gt.OperatorTime(r.node),
		}}, nil
	}
	for i, topic := range topics {
		n := &graph.Node{ID: i, Name: "source-" + topic, Out: []graph.Port{graph.NewPort[string, string]()}}
		n.Source = &graph.Source{Topics: []string{topic}}
		n.Source.New = func(_ graph.Task, _ string, outs []any) (graph.Head, error) {
			return &testHead{out: outs[0].(graph.Receiver[string, string])}, nil
		}
		r.node.In = append(r.node.In, graph.Edge{From: n})
		r.sources = append(r.sources, n)
	}
	sink := &graph.Node{ID: 11, Name: "sink", Sink: &graph.Sink{Topic: "out"}, In: []graph.Edge{{From: r.node}}}
	sink.New = func(gt graph.Task, _ []any) ([]any, error) {
		return []any{&testSink{gt.Outbox(), gt.Topic(sink.Sink)}}, nil
	}
	spec := &graph.StoreSpec{Name: "s", Logged: true, New: func(base state.Store) graph.TaskStore { return newMemView(base.(*memStore)) }}
	r.cfg = Config{
		App: "app",
		Sub: &graph.Subtopology{
			ID: 1, Nodes: append(slices.Clone(r.sources), r.node, sink), Sources: r.sources,
			Sinks: []*graph.Node{sink}, Stores: []*graph.StoreSpec{spec},
		},
		Partition: 3,
		Topics:    map[*graph.Node][]string{},
		Positions: map[string]int64{},
		Stores:    map[string]state.Store{"s": r.base},
		OnError: func(e *processor.Error, a processor.Action) {
			r.failed = append(r.failed, fmt.Sprintf("%s %s #%d", e.Class, a, e.Attempt))
		},
	}
	for i, topic := range topics {
		r.cfg.Topics[r.sources[i]] = []string{topic}
		r.cfg.Positions[topic] = 0
	}
	return r
}

func (r *rig) start() *rig {
	r.Helper()
	task, err := New(r.cfg)
	if err != nil {
		r.Fatal(err)
	}
	r.Task = task
	r.Cleanup(func() { task.Close() })
	return r
}

// add queues records given as "key=value@time" from the topic's position on,
// "!" is a control record. There is no more behind them.
func (r *rig) add(topic string, records ...string) {
	var ins []graph.Input
	for _, s := range records {
		in := graph.Input{Offset: r.Position(topic) + int64(len(ins)), Headers: []processor.Header{{Key: "h", Value: []byte("1")}}}
		if s == "!" {
			in.Control = true
		} else {
			rest, at, _ := strings.Cut(s, "@")
			key, value, ok := strings.Cut(rest, "=")
			in.Key = []byte(key)
			if ok {
				in.Value = []byte(value)
			}
			fmt.Sscan(at, &in.Time)
		}
		ins = append(ins, in)
	}
	r.Add(topic, ins)
	r.SetLag(topic, 0)
}

// process runs the task at a time and fails the test on an error.
func (r *rig) process(now int64) Result {
	r.Helper()
	res, err := r.Process(now, 100)
	if err != nil {
		r.Fatal(err)
	}
	return res
}

func (r *rig) commit(seq uint64) *Commit {
	r.Helper()
	c, err := r.Commit(seq, 0)
	if err != nil {
		r.Fatal(err)
	}
	return c
}

// apply does what the runtime does once a transaction has committed.
func (r *rig) apply(c *Commit) {
	r.Settled(c)
	if err := r.Apply(nil); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) prune(n int) []StoreBatch {
	r.Helper()
	pruned, err := r.Prune(n)
	if err != nil {
		r.Fatal(err)
	}
	return pruned
}

func (r *rig) want(what string, got, want any) {
	r.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		r.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func (r *rig) drops(reason string) (n uint64) {
	for _, d := range r.Published().Drops() {
		if d.Reason == reason {
			n += d.Records.Load()
		}
	}
	return n
}

// outputs are the records of an outbox as "topic key=value@time".
func outputs(o *graph.Outbox) (list []string) {
	for i := range o.Len() {
		r := o.At(i)
		list = append(list, fmt.Sprintf("%s %s=%s@%d", r.Topic, o.Key(i), o.Value(i), r.Time))
	}
	return list
}

func headers(list []processor.Header) map[string]string {
	m := map[string]string{}
	for _, h := range list {
		m[h.Key] = string(h.Value)
	}
	return m
}

// testHead decodes strings. A value that begins with "bad" cannot be decoded,
// nor can a key "bad"; "boom" panics.
type testHead struct {
	out        graph.Receiver[string, string]
	key, value string
	null       bool
}

func (h *testHead) Load(in *graph.Input, _ int64) (int64, error) {
	if strings.HasPrefix(string(in.Value), "bad") {
		return 0, errors.New("no such value")
	}
	if string(in.Value) == "boom" {
		panic("head")
	}
	return h.keep(in, in.Value == nil)
}

func (h *testHead) LoadNull(in *graph.Input, _ int64) (int64, error) { return h.keep(in, true) }

func (h *testHead) keep(in *graph.Input, null bool) (int64, error) {
	if string(in.Key) == "bad" {
		return 0, errors.New("no such key")
	}
	h.key, h.value, h.null = string(in.Key), "", null
	if !null {
		h.value = string(in.Value)
	}
	return in.Time, nil
}

func (h *testHead) Deliver(m *graph.Meta) error {
	m.HasKey, m.HasValue = true, !h.null
	return h.out.Receive(h.key, h.value, m)
}

// fnNode runs the test's step.
type fnNode struct {
	r       *rig
	fn      step
	out     graph.Receiver[string, string]
	store   *memView
	ctx     processor.Context
	dropped *uint64
	time    *int64
}

func (n *fnNode) Receive(key, value string, m *graph.Meta) error {
	if n.fn == nil {
		return n.out.Receive(key, value, m)
	}
	return n.fn(n, key, value, m)
}

func (n *fnNode) Start() error { n.r.starts++; return nil }
func (n *fnNode) Close() error { n.r.closes++; return nil }

// testSink refuses the value "unwritable".
type testSink struct {
	outbox *graph.Outbox
	topic  string
}

func (s *testSink) Receive(key, value string, m *graph.Meta) error {
	if value == "unwritable" {
		return &processor.Error{Class: processor.Produce, Node: "sink", Err: errors.New("refused")}
	}
	n := len(value)
	if !m.HasValue {
		n = -1
	}
	s.outbox.Add(append(append(s.outbox.Slab(), key...), value...), s.topic, -1, len(key), n, m)
	return nil
}

// memStore is a committed store of strings.
type memStore struct {
	state.Store // only what is below is called
	rows        map[string]string
}

func (s *memStore) Apply(b *state.Batch, _ state.Position) error {
	for i := range b.Len() {
		w := b.At(i)
		if w.Delete {
			delete(s.rows, string(w.Key))
		} else {
			s.rows[string(w.Key)] = string(w.Value)
		}
	}
	return nil
}

// memView is the transactional view of a memStore: layers of writes, the
// running one last.
type memView struct {
	base   *memStore
	layers []layer
	marked map[string]string
	refuse string // a value that Freeze cannot encode
	kept   int64
	limits []int64
	now    *int64
}

func (v *memView) Clock(now *int64) { v.now = now }

type layer struct {
	seq  uint64
	rows map[string]string
}

func newMemView(base *memStore) *memView {
	return &memView{base: base, layers: []layer{{rows: map[string]string{}}}}
}

func (v *memView) live() map[string]string { return v.layers[len(v.layers)-1].rows }

func (v *memView) get(key string) string {
	for _, l := range slices.Backward(v.layers) {
		if value, ok := l.rows[key]; ok {
			return value
		}
	}
	return v.base.rows[key]
}

func (v *memView) put(key, value string) { v.live()[key] = value }

func (v *memView) Mark() { v.marked = maps.Clone(v.live()) }
func (v *memView) Undo() { v.layers[len(v.layers)-1].rows = maps.Clone(v.marked) }

func (v *memView) Freeze(seq uint64, b *state.Batch) error {
	for _, key := range slices.Sorted(maps.Keys(v.live())) {
		if v.refuse != "" && v.live()[key] == v.refuse {
			if v.refuse == "panic" {
				panic("serde")
			}
			return errors.New("cannot be encoded")
		}
		b.Set([]byte(key), []byte(v.live()[key]), 0)
	}
	v.layers[len(v.layers)-1].seq = seq
	v.layers = append(v.layers, layer{rows: map[string]string{}})
	return nil
}

func (v *memView) Applied(seq uint64) {
	for len(v.layers) > 1 && v.layers[0].seq <= seq {
		v.layers = v.layers[1:]
	}
}

// Prune drops what later batches write again.
func (v *memView) Prune(_ []uint64, batches []*state.Batch) {
	again := map[string]bool{}
	for _, b := range slices.Backward(batches) {
		keys := map[string]bool{}
		for i := range b.Len() {
			keys[string(b.At(i).Key)] = true
		}
		b.Filter(func(i int) bool { return !again[string(b.At(i).Key)] })
		maps.Copy(again, keys)
	}
}

func (v *memView) Discard() { v.layers = []layer{{rows: map[string]string{}}} }

func (v *memView) Bytes() (clean, dirty, frozen int64) {
	for i, l := range v.layers {
		for key, value := range l.rows {
			if n := int64(len(key) + len(value)); i == len(v.layers)-1 {
				dirty += n
			} else {
				frozen += n
			}
		}
	}
	return v.kept, dirty, frozen
}

func (v *memView) Evict(limit int64) {
	v.limits = append(v.limits, limit)
	v.kept = min(v.kept, limit)
}

var (
	_ graph.Task         = (*Task)(nil)
	_ graph.StoreContext = (*nodeContext)(nil)
	_ graph.Clocked      = (*memView)(nil)
)
