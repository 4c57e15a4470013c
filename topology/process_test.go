package topology_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// dedup forwards a value once per key, with the number of values seen before.
type dedup struct {
	seen    state.KeyValue[string, int64]
	total   state.KeyValue[string, int64]
	started int
	closed  *int
}

func (p *dedup) Init(out processor.Output[string, int64]) error {
	p.started++
	return out.Forward(processor.NewRecord("started", int64(p.started), 0))
}

func (p *dedup) Process(r processor.Record[string, string], out processor.Output[string, int64]) error {
	n, _, err := p.total.Get("")
	if err != nil {
		return err
	}
	if err := p.total.Put("", n+1); err != nil {
		return err
	}
	key := r.Key + r.Value
	if _, ok, err := p.seen.Get(key); ok || err != nil {
		return err
	}
	if err := p.seen.Put(key, 1); err != nil {
		return err
	}
	return out.Forward(processor.Record[string, int64]{
		Key: r.Key, Value: n, Time: r.Time, Headers: r.Headers, HasKey: r.HasKey, HasValue: r.HasValue,
	})
}

func (p *dedup) Close() error { *p.closed++; return nil }

func TestProcessWithStores(t *testing.T) {
	b := topology.New()
	seen := topology.NewStore[string, int64](b, "seen")
	total := topology.NewStore[string, int64](b, "total", topology.Unlogged(), topology.LogConfig(nil))
	closed := 0
	in := topology.Stream[string, string](b, "in")
	numbers := topology.Process(in, func(ctx processor.Context) *dedup {
		return &dedup{seen: seen.Open(ctx), total: total.Open(ctx), closed: &closed}
	}, topology.With(seen, total), topology.Name("dedup"))
	text := topology.MapValues(numbers, func(n int64) string { return strings.Repeat("x", int(n)) })
	topology.To(text, "out")
	r := run(t, b)
	r.want("k=a@1", "out started=x@0, out k=@1")
	r.want("k=a@2", "")
	r.want("k=b@3", "out k=xx@3")
	r.want("k=~@4", "out k=~@4")
	if h := r.headers[len(r.headers)-1]; len(h) != 1 {
		t.Errorf("headers %v", h)
	}
	if specs := r.graph.Stores; !specs["seen"].Logged || specs["total"].Logged {
		t.Errorf("logged: seen %v, total %v", specs["seen"].Logged, specs["total"].Logged)
	}
	if err := r.tasks[0].Close(); err != nil || closed != 1 {
		t.Errorf("closed %d times, error %v", closed, err)
	}
}

func TestMergeDoesNotStartTheNodeBehindItTwice(t *testing.T) {
	b := topology.New()
	seen := topology.NewStore[string, int64](b, "seen")
	in := topology.Stream[string, string](b, "in")
	var made []*dedup
	topology.Process(in.Merge(in), func(ctx processor.Context) *dedup {
		p := &dedup{seen: seen.Open(ctx), total: seen.Open(ctx), closed: new(int)}
		made = append(made, p)
		return p
	}, topology.With(seen))
	r := run(t, b)
	if err := r.tasks[0].Close(); err != nil || len(made) != 1 || made[0].started != 1 || *made[0].closed != 1 {
		t.Errorf("%d made, error %v: %+v", len(made), err, made)
	}
}

type failingProcessor struct{}

func (failingProcessor) Process(processor.Record[string, string], processor.Output[string, string]) error {
	return errTest
}

func TestFailedProcessorNamesItsNode(t *testing.T) {
	b := topology.New()
	in := topology.Stream[string, string](b, "in")
	topology.Process(in, func(processor.Context) failingProcessor { return failingProcessor{} }, topology.Name("mine"))
	r := run(t, b)
	var failed *processor.Error
	if err := r.try("in", "k=v@1"); !errors.As(err, &failed) || failed.Node != "mine" || !errors.Is(err, errTest) {
		t.Errorf("got %v", err)
	}
}

// Processors with a store in common are one subtopology, whatever they read.
func TestSharedStoreJoinsSubtopologies(t *testing.T) {
	b := topology.New()
	shared := topology.NewStore[string, int64](b, "shared")
	count := func(ctx processor.Context) *dedup {
		return &dedup{seen: shared.Open(ctx), total: shared.Open(ctx), closed: new(int)}
	}
	for _, topic := range []string{"in", "other"} {
		topology.Process(topology.Stream[string, string](b, topic), count, topology.With(shared))
	}
	if n := len(run(t, b).graph.Subtopologies); n != 1 {
		t.Errorf("%d subtopologies", n)
	}
}
