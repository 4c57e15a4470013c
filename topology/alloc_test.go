package topology_test

import (
	"testing"
	"time"

	"github.com/millrace-io/millrace/aggregate"
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// between returns the head of the topology's first source, wired to all that is
// behind it in its task.
func between(t *testing.T, b *topology.Builder) (head graph.Head, out *graph.Outbox) {
	t.Helper()
	r := run(t, b)
	tk := r.tasks[0]
	sub := r.graph.Subtopologies[0]
	ins := map[*graph.Node]any{}
	for i := len(sub.Nodes) - 1; i >= 0; i-- {
		n := sub.Nodes[i]
		outs := make([]any, len(n.Out))
		for port := range outs {
			var behind []any
			for _, m := range sub.Nodes {
				for _, e := range m.In {
					if e.From == n && e.Port == port {
						behind = append(behind, ins[m])
					}
				}
			}
			outs[port] = n.Out[port].Fan(behind)
		}
		if n.Source != nil {
			h, err := n.Source.New(tk, n.Source.Topics[0], outs)
			if err != nil {
				t.Fatal(err)
			}
			return h, tk.Outbox()
		}
		made, err := n.New(tk, outs)
		if err != nil {
			t.Fatal(err)
		}
		ins[n] = made[0]
	}
	t.Fatal("no source")
	return nil, nil
}

// A record on its way through operators costs no memory beside what serdes and
// user code take: here numbers and a slice that is made once.
func TestOperatorsDoNotAllocate(t *testing.T) {
	parts := []int64{1, 2, 3}
	for name, build := range map[string]func(in topology.KStream[int64, int64]){
		"flat map, group, repartition": func(in topology.KStream[int64, int64]) {
			split := topology.FlatMapValues(in, func(int64) []int64 { return parts })
			topology.Count(topology.GroupBy(split, func(_, v int64) int64 { return v }), "counts")
		},
		"map, filter, sink": func(in topology.KStream[int64, int64]) {
			swapped := topology.Map(in, func(k, v int64) (int64, int64) { return v, k })
			kept := topology.MapValues(swapped, func(v int64) int64 { return v }).Filter(func(_, _ int64) bool { return true })
			topology.To(topology.SelectKey(kept, func(_, v int64) int64 { return v }), "out")
		},
		"count, sink": func(in topology.KStream[int64, int64]) {
			counts := topology.Count(topology.GroupByKey(in), "counts")
			topology.To(counts.ToStream(), "out", topology.ValueSerde(serde.DecimalInt64))
		},
		"count in windows, sink": func(in topology.KStream[int64, int64]) {
			counts := windowing.Count(topology.GroupByKey(in), "counts", windowing.Hopping(30*time.Millisecond, 10*time.Millisecond))
			topology.To(counts.ToStream(), "out")
		},
		"cogroup, filter, sink": func(in topology.KStream[int64, int64]) {
			counts := topology.Cogroup(topology.Into(topology.GroupByKey(in), aggregate.Count[int64]()), "counts")
			topology.To(counts.Filter(func(_, n int64) bool { return n > 0 }).ToStream(), "out")
		},
		"table, map, stored transform, sink": func(in topology.KStream[int64, int64]) {
			rows := topology.MapTable(topology.ToTable(in, "rows"), func(v int64) int64 { return v + 1 })
			rows = topology.TransformTable(rows, func(_ int64, row processor.Maybe[int64]) processor.Maybe[int64] { return row }, topology.Stored("made"))
			topology.To(rows.ToStream(), "out")
		},
		"table, group, repartition": func(in topology.KStream[int64, int64]) {
			group := topology.GroupTable(topology.ToTable(in, "rows"), func(k, v int64) topology.Pair[int64, int64] {
				return topology.Pair[int64, int64]{Key: v, Value: k}
			})
			topology.Count(group, "counts")
		},
		"split, chosen partitions and topics": func(in topology.KStream[int64, int64]) {
			sp := in.Split()
			where := topology.Partitioner(func(string, int64, int64, int) int { return 0 })
			topology.To(sp.Branch("none", func(_, v int64) bool { return v == 0 }), "none")
			rest := sp.Default("rest").FilterNot(func(_, v int64) bool { return v == 0 })
			topology.To(rest, "out", where)
			topology.ToChosen(rest, func(k, _ int64) string { return [...]string{"even", "odd"}[k&1] }, where)
		},
		"process values, latest of each commit": func(in topology.KStream[int64, int64]) {
			made := topology.ProcessValues(in, func(processor.Context) doubler { return doubler{} })
			topology.To(topology.Count(topology.GroupByKey(made), "counts", topology.EmitLatest(0)).ToStream(), "out")
		},
		"reduce, sink": func(in topology.KStream[int64, int64]) {
			rows := topology.Reduce(topology.GroupByKey(in), "rows", func(a, b int64) int64 { return a + b })
			topology.To(rows.ToStream(), "out")
		},
	} {
		b := topology.New()
		build(topology.Stream[int64, int64](b, "in"))
		head, out := between(t, b)
		in := graph.Input{Key: []byte("12345678"), Value: []byte("87654321"), Time: 5}
		m := &graph.Meta{}
		once := func() {
			at, err := head.Load(&in, -1)
			if err != nil {
				t.Fatal(err)
			}
			m.Time = at
			if err := head.Deliver(m); err != nil {
				t.Fatal(err)
			}
			out.Reset()
		}
		once()
		if n := testing.AllocsPerRun(100, once); n != 0 {
			t.Errorf("%s: %v allocations per record", name, n)
		}
	}
}

// doubler forwards the double of each value.
type doubler struct{}

func (doubler) Process(r processor.Record[int64, int64], out processor.ValueOutput[int64]) error {
	return out.Forward(2 * r.Value)
}
