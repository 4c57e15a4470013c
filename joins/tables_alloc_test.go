package joins_test

import (
	"context"
	"testing"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/task"
	"github.com/millrace-io/millrace/joins"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// wired are the heads of a topology's topics, wired to all that is behind them.
type wired struct {
	heads map[string]graph.Head
	out   *graph.Outbox
	meta  graph.Meta
}

// wire makes the nodes of a topology of one subtopology, in memory.
func wire(tb testing.TB, b *topology.Builder) *wired {
	tb.Helper()
	g, err := b.Build()
	if err != nil {
		tb.Fatal(err)
	}
	db, err := state.Memory().Open(context.Background(), state.Options{App: "app"})
	if err != nil {
		tb.Fatal(err)
	}
	sub := g.Subtopologies[0]
	cfg := task.Config{App: "app", Sub: sub, Topics: map[*graph.Node][]string{}, Positions: map[string]int64{}, Stores: map[string]state.Store{}}
	for _, src := range sub.Sources {
		cfg.Topics[src] = src.Source.Topics
		cfg.Positions[src.Source.Topics[0]] = 0
	}
	for _, s := range sub.Stores {
		if cfg.Stores[s.Name], err = db.Store(state.ID{Name: s.Name}); err != nil {
			tb.Fatal(err)
		}
	}
	tk, err := task.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { tk.Close() })
	w := &wired{heads: map[string]graph.Head{}, out: tk.Outbox()}
	ins := map[*graph.Node][]any{}
	for i := len(sub.Nodes) - 1; i >= 0; i-- {
		n := sub.Nodes[i]
		outs := make([]any, len(n.Out))
		for port := range outs {
			var behind []any
			for _, m := range sub.Nodes {
				for _, e := range m.In {
					if e.From == n && e.Port == port {
						behind = append(behind, ins[m][e.In])
					}
				}
			}
			outs[port] = n.Out[port].Fan(behind)
		}
		if n.Source != nil {
			w.heads[n.Source.Topics[0]], err = n.Source.New(tk, n.Source.Topics[0], outs)
		} else {
			ins[n], err = n.New(tk, outs)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	return w
}

// deliver sends a record of a topic through all nodes.
func (w *wired) deliver(tb testing.TB, topic string, in *graph.Input) {
	at, err := w.heads[topic].Load(in, -1)
	if err == nil {
		w.meta.Time = at
		err = w.heads[topic].Deliver(&w.meta)
	}
	if err != nil {
		tb.Fatal(err)
	}
	w.out.Reset()
}

// sums is a row of three tables of numbers.
type sums struct{ a, b, c int64 }

func numbers(b *topology.Builder, topic string) topology.KTable[int64, int64] {
	return topology.Table[int64, int64](b, topic, topic)
}

func joinTwo(opts ...topology.Option) func(b *topology.Builder) {
	return func(b *topology.Builder) {
		x, y := numbers(b, "a"), numbers(b, "b")
		topology.To(joins.InnerTables(x, y, func(_, l, r int64) int64 { return l + r }, opts...).ToStream(), "out")
	}
}

func joinThree(b *topology.Builder) {
	x, y, z := numbers(b, "a"), numbers(b, "b"), numbers(b, "c")
	rows := joins.Tables("sums",
		joins.Required(x, func(s *sums, v int64) { s.a = v }),
		joins.Required(y, func(s *sums, v int64) { s.b = v }),
		joins.Optional(z, func(s *sums, v int64) { s.c = v }))
	topology.To(topology.MapTable(rows, func(s sums) int64 { return s.a + s.b + s.c }).ToStream(), "out")
}

func chainThree(b *topology.Builder) {
	x, y, z := numbers(b, "a"), numbers(b, "b"), numbers(b, "c")
	add := func(_, l, r int64) int64 { return l + r }
	topology.To(joins.InnerTables(joins.InnerTables(x, y, add), z, add).ToStream(), "out")
}

func enriched(b *topology.Builder) {
	y, z := numbers(b, "b"), numbers(b, "c")
	rows := joins.Enrich(topology.Stream[int64, int64](b, "in"), "sums", func(_, v int64) sums { return sums{a: v} },
		joins.Required(y, func(s *sums, v int64) { s.b = v }),
		joins.Optional(z, func(s *sums, v int64) { s.c = v }))
	topology.To(topology.MapValues(rows, func(s sums) int64 { return s.a + s.b + s.c }), "out")
}

var number = graph.Input{Key: []byte("12345678"), Value: []byte("87654321"), Time: 5}

func TestTableJoinsDoNotAllocate(t *testing.T) {
	for name, c := range map[string]struct {
		build func(b *topology.Builder)
		topic string
	}{
		"two tables": {joinTwo(), "a"}, "two tables, stored": {joinTwo(topology.Stored("joined")), "a"},
		"three tables": {joinThree, "a"}, "a chain": {chainThree, "a"}, "a stream": {enriched, "in"},
	} {
		b := topology.New()
		c.build(b)
		w := wire(t, b)
		for topic := range w.heads {
			w.deliver(t, topic, &number)
		}
		if n := testing.AllocsPerRun(100, func() { w.deliver(t, c.topic, &number) }); n != 0 {
			t.Errorf("%s: %v allocations per record", name, n)
		}
	}
}

// BenchmarkTables is what a record costs in a join of two tables, and in one of
// three as a chain and as one operator.
func BenchmarkTables(b *testing.B) {
	for name, build := range map[string]func(*topology.Builder){
		"two": joinTwo(), "two stored": joinTwo(topology.Stored("joined")), "three": joinThree, "chain of three": chainThree,
	} {
		b.Run(name, func(b *testing.B) {
			t := topology.New()
			build(t)
			w := wire(b, t)
			for topic := range w.heads {
				w.deliver(b, topic, &number)
			}
			b.ReportAllocs()
			for b.Loop() {
				w.deliver(b, "a", &number)
			}
		})
	}
}
