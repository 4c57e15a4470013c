package topology

import (
	"context"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// ProcessAsync sends on the records that fn makes of each record, which may
// take its time: fn calls another service, for many records at once. It sees
// nulls. What it returns is sent on in that order, or not at all if it also
// returns an error.
//
// fn is called from many goroutines. It must return when ctx ends, must not
// change what the record points to, and has no access to stores; a panic is an
// error. See Async for the order of results, errors and commits. It takes the
// options Name and KeySerde: keys are told apart by their bytes.
//
// By example: internal/corpus/testdata/async.txt.
func ProcessAsync[K, V, KO, VO any](s Streamer[K, V], fn func(ctx context.Context, r processor.Record[K, V]) ([]processor.Record[KO, VO], error), a Async, opts ...Option) KStream[KO, VO] {
	in := s.stream().h
	n, limits, ks := asyncNode[K, KO, VO](in, "process-async", a, opts, fn)
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		return receiver(&processAsync[K, V, KO, VO]{
			fn: fn, keys: asyncKeys[K]{node: n, serde: ks}, calls: t.Calls(n, limits), out: output[KO, VO](outs),
		})
	}
	return StreamOf[KO, VO](in.NewKey(n).NewValue(n, nil))
}

type processAsync[K, V, KO, VO any] struct {
	fn    func(context.Context, processor.Record[K, V]) ([]processor.Record[KO, VO], error)
	keys  asyncKeys[K]
	calls graph.Calls
	out   graph.Receiver[KO, VO]
}

func (r *processAsync[K, V, KO, VO]) Receive(key K, value V, m *graph.Meta) error {
	encoded, err := r.keys.of(key, m)
	if err != nil {
		return err
	}
	r.calls.Add(encoded, &recordCall[K, V, KO, VO]{node: r, record: processor.Record[K, V]{
		Key: key, Value: value, Time: m.Time, Headers: m.Headers, HasKey: m.HasKey, HasValue: m.HasValue,
	}})
	return nil
}

// recordCall is one call of a processAsync.
type recordCall[K, V, KO, VO any] struct {
	node    *processAsync[K, V, KO, VO]
	record  processor.Record[K, V]
	results []processor.Record[KO, VO]
}

func (c *recordCall[K, V, KO, VO]) Run(ctx context.Context) (err error) {
	c.results, err = c.node.fn(ctx, c.record)
	return err
}

func (c *recordCall[K, V, KO, VO]) Resume() error {
	for _, r := range c.results {
		m := graph.Meta{Time: r.Time, Headers: r.Headers, HasKey: r.HasKey, HasValue: r.HasValue}
		if err := c.node.out.Receive(r.Key, r.Value, &m); err != nil {
			return err
		}
	}
	return nil
}
