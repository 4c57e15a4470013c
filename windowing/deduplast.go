package windowing

import (
	"math"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
)

// keepLast completes node n, which lets the last record of an id pass.
func keepLast[K, V, I any](n *graph.Node, in graph.Handle, name string, made deduplicate[K, V, I], ids serde.Serde[I], o *graph.Options) {
	ks := graph.KeySerde[K](n, in, &graph.Options{})
	vs := graph.ValueSerde[V](n, in, o)
	addBuffer(in.Builder, n, name, o, ids, keptSerde[K, V]{ks, vs})
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		r := &last[K, V, I]{deduplicate: made, held: t.Store(name).(*store.Buffer[I, kept[K, V]])}
		r.open(t, outs)
		return []any{r}, nil
	}
}

// last holds the last record of an id back until the span has passed that the
// first one has begun.
type last[K, V, I any] struct {
	deduplicate[K, V, I]
	held *store.Buffer[I, kept[K, V]]
	m    graph.Meta
}

// Start has records pass when a watermark moves, not only with the next record.
func (r *last[K, V, I]) Start() error {
	r.clock.Watch(r.ctx, func(now int64) error { return graph.At(r.node, r.held.Take(now-r.span, r.emit)) })
	return nil
}

func (r *last[K, V, I]) Receive(key K, value V, m *graph.Meta) error {
	now := r.clock.Observe(m)
	if err := r.held.Take(now-r.span, r.emit); err != nil {
		return graph.At(r.node, err)
	}
	if !m.HasValue {
		return r.out.Receive(key, value, m)
	}
	if m.Time <= now-r.span {
		return r.lates.missed(key, value, m, r.span, now)
	}
	id := r.id(key, value)
	before, at, has, err := r.held.Get(id)
	if err != nil {
		return graph.At(r.node, err)
	}
	if !has {
		at = m.Time
	} else {
		*r.duplicate++
		if before.timeMs > m.Time {
			return nil
		}
	}
	return graph.At(r.node, r.held.Put(id, keep(key, value, m), at, m.Time))
}

func (r *last[K, V, I]) emit(_ I, k kept[K, V], _ int64) (more bool, err error) {
	r.m = k.meta()
	return true, r.out.Receive(k.key, k.value, &r.m)
}

// Finish lets pass what is held back: no more records will end a span.
func (r *last[K, V, I]) Finish(int64) error {
	return graph.At(r.node, r.held.Take(math.MaxInt64, r.emit))
}
