package topology_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// rig runs a topology on topics of one partition, in memory: what one task
// writes to an internal topic is read by the next at once.
type rig struct {
	*testing.T
	graph   *graph.Graph
	tasks   []*task.Task
	readers map[string]*task.Task
	out     []string // records that no task reads, as "topic key=value@time"
	headers [][]processor.Header
	globals map[string]*task.Global
	failed  []string // what OnError was told of global tables
	logged  []string // what was applied to stores, as "store key=value@time", quoted
	seq     uint64
	now     int64 // the wall clock
}

func run(t *testing.T, b *topology.Builder, set ...func(*task.Config)) *rig {
	t.Helper()
	g, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	db, err := state.Memory().Open(context.Background(), state.Options{App: "app"})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, graph: g, readers: map[string]*task.Task{}, globals: map[string]*task.Global{}}
	globals := map[string]state.Store{}
	for _, spec := range g.Globals {
		if globals[spec.Name], err = db.Store(state.ID{Name: spec.Name}); err != nil {
			t.Fatal(err)
		}
		r.globals[spec.Name] = task.NewGlobal(task.GlobalConfig{Global: spec, Store: globals[spec.Name], OnError: func(e *processor.Error, a processor.Action) {
			r.failed = append(r.failed, fmt.Sprintf("%s #%d", a, e.Attempt))
		}})
	}
	for _, sub := range g.Subtopologies {
		cfg := task.Config{
			App: "app", Sub: sub, Topics: map[*graph.Node][]string{}, Positions: map[string]int64{}, Stores: map[string]state.Store{}, Globals: globals,
		}
		for _, src := range sub.Sources {
			cfg.Topics[src] = src.Source.TopicNames("app")
			for _, topic := range cfg.Topics[src] {
				cfg.Positions[topic] = 0
			}
		}
		for _, s := range sub.Stores {
			if cfg.Stores[s.Name], err = db.Store(state.ID{Name: s.Name}); err != nil {
				t.Fatal(err)
			}
		}
		for _, fn := range set {
			fn(&cfg)
		}
		tk, err := task.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { tk.Close() })
		r.tasks = append(r.tasks, tk)
		for topic := range cfg.Positions {
			r.readers[topic] = tk
		}
	}
	return r
}

// send has one record processed by all tasks that it concerns. It is written
// as "key=value@time", where ~ is a null.
func (r *rig) send(topic, record string) {
	r.Helper()
	if err := r.try(topic, record); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) try(topic, record string) error {
	in := parse(record)
	in.Headers = []processor.Header{{Key: "h", Value: []byte("1")}}
	return r.deliver(topic, in)
}

func parse(record string) (in graph.Input) {
	rest, at, _ := strings.Cut(record, "@")
	key, value, _ := strings.Cut(rest, "=")
	if key != "~" {
		in.Key = []byte(key)
	}
	if value != "~" {
		in.Value = []byte(value)
	}
	in.Time, _ = strconv.ParseInt(at, 10, 64)
	return in
}

func (r *rig) deliver(topic string, in graph.Input) error {
	tk := r.readers[topic]
	if tk == nil {
		r.out = append(r.out, topic+" "+show(in.Key)+"="+show(in.Value)+"@"+strconv.FormatInt(in.Time, 10))
		r.headers = append(r.headers, in.Headers)
		return nil
	}
	in.Offset = tk.Position(topic)
	tk.Add(topic, []graph.Input{in})
	for name, reader := range r.readers {
		if reader == tk {
			tk.SetLag(name, 0)
		}
	}
	if _, err := tk.Process(r.now, 1000); err != nil {
		return err
	}
	r.seq++
	c, err := tk.Commit(r.seq, r.now)
	if err != nil || c == nil {
		return err
	}
	type record struct {
		topic string
		in    graph.Input
	}
	var records []record
	for i := range c.Out.Len() {
		o := c.Out.At(i)
		records = append(records, record{o.Topic, graph.Input{
			Key: slices.Clone(c.Out.Key(i)), Value: slices.Clone(c.Out.Value(i)), Time: o.Time, Headers: c.Out.Headers(i),
		}})
	}
	for _, s := range c.Stores {
		for i := range s.Batch.Len() {
			w := s.Batch.At(i)
			r.logged = append(r.logged, fmt.Sprintf("%s %q=%q@%d", s.Spec.Name, w.Key, w.Value, w.Time))
		}
	}
	tk.Settled(c)
	if err := tk.Apply(nil); err != nil {
		return err
	}
	for _, o := range records {
		if err := r.deliver(o.topic, o.in); err != nil {
			return err
		}
	}
	return nil
}

func show(b []byte) string {
	if b == nil {
		return "~"
	}
	return string(b)
}

// took returns what was written since the last call.
func (r *rig) took() string {
	out := strings.Join(r.out, ", ")
	r.out = nil
	return out
}

// drops returns the counters of dropped records that are not 0, as
// "node reason n".
func (r *rig) drops() string {
	var all []string
	for _, tk := range r.tasks {
		for _, d := range tk.Published().Drops() {
			if n := d.Records.Load(); n > 0 {
				all = append(all, fmt.Sprintf("%s %s %d", d.Node, d.Reason, n))
			}
		}
	}
	return strings.Join(all, ", ")
}

// want compares what was written for one record.
func (r *rig) want(record, want string) {
	r.Helper()
	r.send("in", record)
	if got := r.took(); got != want {
		r.Errorf("%s: got %q, want %q", record, got, want)
	}
}

// line is the place n lines below its caller, as errors print it.
func line(n int) string {
	_, file, at, _ := runtime.Caller(1)
	parts := strings.Split(file, "/")
	return fmt.Sprintf("%s:%d", strings.Join(parts[len(parts)-2:], "/"), at+n)
}
