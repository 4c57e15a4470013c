package topology

import (
	"context"

	"github.com/millrace-io/millrace/internal/graph"
)

// MapValuesAsync replaces each value by what fn makes of it, which may take its
// time: fn calls another service, for many records at once. A null value is
// passed on as it is, behind the results of the same key's earlier records. fn
// may return processor.Null to make its result null.
//
// fn is called from many goroutines. It must return when ctx ends, must not
// change what value points to, and has no access to stores; a panic is an
// error. See Async for the order of results, errors and commits. It takes the
// options Name and KeySerde: keys are told apart by their bytes.
//
// By example: internal/corpus/testdata/async.txt.
func MapValuesAsync[K, V, VO any](s Streamer[K, V], fn func(ctx context.Context, value V) (VO, error), a Async, opts ...Option) KStream[K, VO] {
	in := s.stream().h
	n, limits, ks := asyncNode[K, K, VO](in, "map-values-async", a, opts, fn)
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		return receiver(&mapValuesAsync[K, V, VO]{
			fn: fn, keys: asyncKeys[K]{node: n, serde: ks}, calls: t.Calls(n, limits), out: output[K, VO](outs),
		})
	}
	return StreamOf[K, VO](in.NewValue(n, nil))
}

type mapValuesAsync[K, V, VO any] struct {
	fn    func(context.Context, V) (VO, error)
	keys  asyncKeys[K]
	calls graph.Calls
	out   graph.Receiver[K, VO]
}

func (r *mapValuesAsync[K, V, VO]) Receive(key K, value V, m *graph.Meta) error {
	encoded, err := r.keys.of(key, m)
	if err != nil {
		return err
	}
	c := &valueCall[K, V, VO]{node: r, key: key, value: value, m: *m}
	if m.HasValue {
		r.calls.Add(encoded, c)
	} else {
		r.calls.Pass(encoded, c)
	}
	return nil
}

// valueCall is one call of a mapValuesAsync.
type valueCall[K, V, VO any] struct {
	node   *mapValuesAsync[K, V, VO]
	key    K
	value  V
	m      graph.Meta // HasValue becomes that of the result
	result VO
}

func (c *valueCall[K, V, VO]) Run(ctx context.Context) error {
	result, err := c.node.fn(ctx, c.value)
	isNull, err := null(err)
	if err != nil {
		return err
	}
	if isNull {
		result = *new(VO)
	}
	c.result, c.m.HasValue = result, !isNull
	return nil
}

func (c *valueCall[K, V, VO]) Resume() error {
	m := c.m
	return c.node.out.Receive(c.key, c.result, &m)
}
