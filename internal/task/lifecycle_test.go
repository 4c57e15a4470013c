package task

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

func TestNodesAreStartedBeforeTheFirstRecordAndClosedOnce(t *testing.T) {
	r := newRig(t, nil, "a").start()
	r.want("started", fmt.Sprint(r.made, r.starts, r.closes), "1 1 0")
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	r.want("closed", fmt.Sprint(r.made, r.starts, r.closes), "1 1 1")
	if _, err := r.Process(0, 1); err == nil || err.Error() != "task 1_3 is closed" {
		t.Errorf("error is %v", err)
	}
	if _, err := r.Commit(1, 0); err == nil {
		t.Error("a closed task commits")
	}
}

func TestDiscardMakesNodesAnewAndCancelsTheirContext(t *testing.T) {
	var seen []context.Context
	r := newRig(t, func(n *fnNode, _, _ string, _ *graph.Meta) error {
		seen = append(seen, n.ctx.Context())
		return nil
	}, "a").start()
	r.add("a", "k=1@1")
	r.process(0)
	r.Discard()
	r.want("closed", fmt.Sprint(r.made, r.closes), "1 1")
	if !errors.Is(seen[0].Err(), context.Canceled) {
		t.Error("the context was not cancelled")
	}
	r.add("a", "k=1@1")
	r.process(0)
	r.want("made anew", fmt.Sprint(r.made, r.starts, r.closes), "2 2 1")
	if seen[1].Err() != nil {
		t.Error("the new context is cancelled")
	}
	r.Discard()
	r.Close()
	r.want("not made for nothing", fmt.Sprint(r.made, r.starts, r.closes), "2 2 2")
}

func TestTheParentsEndIsTheTasksEnd(t *testing.T) {
	r := newRig(t, nil, "a")
	ctx, cancel := context.WithCancelCause(context.Background())
	r.cfg.Context = ctx
	r.start()
	reason := errors.New("stopping")
	cancel(reason)
	if _, err := r.Process(0, 1); !errors.Is(err, reason) {
		t.Errorf("error is %v", err)
	}
}

func TestErrorsOfMakingNodesNameThem(t *testing.T) {
	for _, c := range []struct {
		name string
		fail func(r *rig)
		text string
	}{
		{"New", func(r *rig) {
			r.node.New = func(graph.Task, []any) ([]any, error) { return nil, errFlaky }
		}, "process: task 1_3: node fn: flaky"},
		{"New panics", func(r *rig) {
			r.node.New = func(graph.Task, []any) ([]any, error) { panic("no") }
		}, "process: task 1_3: node fn: panic: no"},
		{"head", func(r *rig) {
			r.sources[0].Source.New = func(graph.Task, string, []any) (graph.Head, error) { return nil, errFlaky }
		}, "process: task 1_3: node source-a: topic a: flaky"},
		{"two readers", func(r *rig) {
			r.cfg.Topics[r.sources[1]] = []string{"a"}
		}, "task 1_3: topic a is read by the nodes source-a and source-b"},
		{"no store", func(r *rig) {
			delete(r.cfg.Stores, "s")
		}, "task 1_3: store s is not open"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, nil, "a", "b")
			c.fail(r)
			_, err := New(r.cfg)
			if err == nil || !strings.HasPrefix(err.Error(), c.text) {
				t.Errorf("error is %v, want %s", err, c.text)
			}
		})
	}
}

func TestAnErrorOfMakingNodesAnewComesWithTheNextCall(t *testing.T) {
	r := newRig(t, nil, "a").start()
	r.node.New = func(graph.Task, []any) ([]any, error) { return nil, errFlaky }
	r.Discard()
	for range 2 {
		if _, err := r.Process(0, 1); !errors.Is(err, errFlaky) {
			t.Errorf("error is %v", err)
		}
	}
	r.Discard()
	if _, err := r.Punctuate(0, true); !errors.Is(err, errFlaky) {
		t.Errorf("error is %v", err)
	}
}

func TestContextSaysWhereTheRecordIsFrom(t *testing.T) {
	var got []string
	where := func(c processor.Context) string {
		return fmt.Sprintf("%s %s %s: %q %d %d, %d %d", c.App(), c.Task(), c.Node(), c.Topic(), c.Partition(), c.Offset(), c.StreamTime(), c.Now())
	}
	r := newRig(t, func(n *fnNode, _, value string, _ *graph.Meta) error {
		got = append(got, where(n.ctx))
		if value == "1" {
			n.ctx.Schedule(processor.StreamTime, 100, func(int64) error {
				got = append(got, where(n.ctx))
				return nil
			})
		}
		return nil
	}, "a", "b")
	r.cfg.Positions["b"] = 40
	r.start()
	got = append(got, where(r.Context(r.node)))
	r.add("a", "k=1@5")
	r.add("b", "k=2@7")
	r.process(99)
	r.want("contexts", strings.Join(got, "\n"), strings.Join([]string{
		`app 1_3 fn: "" -1 -1, -1 0`,
		`app 1_3 fn: "a" 3 0, 5 99`,
		`app 1_3 fn: "" -1 -1, 5 99`,
		`app 1_3 fn: "b" 3 40, 7 99`,
		`app 1_3 fn: "" -1 -1, 7 99`,
	}, "\n"))
}

func TestANodeGetsOnlyItsOwnStores(t *testing.T) {
	r := newRig(t, nil, "a").start()
	s, err := r.Context(r.node).(graph.StoreContext).TaskStore("s")
	if s != r.Store("s") || err != nil {
		t.Errorf("got %v, %v", s, err)
	}
	_, err = r.Context(r.sources[0]).(graph.StoreContext).TaskStore("s")
	if err == nil || err.Error() != "store s is not attached to node source-a: give the node the option With" {
		t.Errorf("error is %v", err)
	}
	r.node.Stores = append(r.node.Stores, "elsewhere")
	if _, err := r.Context(r.node).(graph.StoreContext).TaskStore("elsewhere"); err == nil {
		t.Error("a store that does not exist was found")
	}
	if r.Store("elsewhere") != nil {
		t.Error("a store that does not exist was found")
	}
}

func TestStoresSeeTheTimeOfTheRecordInHand(t *testing.T) {
	var got []int64
	r := newRig(t, func(n *fnNode, _, value string, _ *graph.Meta) error {
		got = append(got, *n.store.now)
		if value == "1" {
			n.ctx.Schedule(processor.WallClock, time.Second, func(int64) error {
				got = append(got, *n.store.now)
				return nil
			})
		}
		return nil
	}, "a")
	r.cfg.Restored = map[string]Metadata{"a": {PartitionTime: 3}}
	r.start()
	got = append(got, *r.Store("s").(*memView).now)
	r.add("a", "k=1@50", "k=2@40")
	r.process(0)
	r.Punctuate(1000, true)
	r.want("times", got, "[3 50 40 1000]")
}

func TestFiguresMayBeReadWhileTheTaskRuns(t *testing.T) {
	r := newRig(t, tally, "a").start()
	stop := make(chan struct{})
	done := make(chan uint64)
	go func() {
		var last uint64
		for {
			p := r.Published()
			n := p.Records.Load()
			if n < last {
				t.Errorf("records went from %d to %d", last, n)
			}
			last = n
			_ = p.StreamTime.Load() + p.Inputs[0].Position.Load() + int64(len(p.Drops()))
			select {
			case <-stop:
				done <- p.Records.Load()
				return
			default:
			}
		}
	}()
	for i := range 50 {
		r.add("a", "k=1@1", "k=2@2")
		r.process(0)
		if i%10 == 9 {
			r.Discard()
		}
	}
	close(stop)
	r.want("records", <-done, 100)
}

func TestBranchesGetRecordsInTheOrderOfDescription(t *testing.T) {
	var got []string
	port := graph.NewPort[string, string]()
	source := &graph.Node{ID: 0, Name: "source", Out: []graph.Port{port}, Source: &graph.Source{}}
	source.Source.New = func(_ graph.Task, _ string, outs []any) (graph.Head, error) {
		return &testHead{out: outs[0].(graph.Receiver[string, string])}, nil
	}
	branch := func(id int, name string, inputs int) *graph.Node {
		n := &graph.Node{ID: id, Name: name}
		for i := range inputs {
			n.In = append(n.In, graph.Edge{From: source, In: i})
		}
		n.New = func(graph.Task, []any) ([]any, error) {
			var ins []any
			for i := range inputs {
				ins = append(ins, noteNode{&got, fmt.Sprint(name, i)})
			}
			return ins, nil
		}
		return n
	}
	second, first := branch(2, "second", 1), branch(1, "first", 2)
	task, err := New(Config{
		Sub:    &graph.Subtopology{Nodes: []*graph.Node{source, second, first}, Sources: []*graph.Node{source}},
		Topics: map[*graph.Node][]string{source: {"a"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	task.Add("a", []graph.Input{{}})
	if _, err := task.Process(0, 1); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != "[first0 first1 second0]" {
		t.Errorf("order is %v", got)
	}
}

type noteNode struct {
	got  *[]string
	name string
}

func (n noteNode) Receive(string, string, *graph.Meta) error {
	*n.got = append(*n.got, n.name)
	return nil
}

func TestSinksOfRepartitionTopicsWriteTheInternalName(t *testing.T) {
	r := newRig(t, nil, "a").start()
	r.want("user topic", r.Topic(&graph.Sink{Topic: "totals"}), "totals")
	r.want("internal topic", r.Topic(&graph.Sink{Repartition: &graph.Repartition{Name: "counts"}}), "app-counts-repartition")
}
