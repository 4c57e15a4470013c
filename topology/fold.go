package topology

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// folding is an aggregation under construction: records of K and V go into
// accumulators of A, which are stored, and show as rows of R.
type folding[K, V, A, R any] struct {
	op, name string
	options  *graph.Options
	callback any // the user's function, if there is one; it must not be nil
	// add returns the accumulator with one more value; has is false for the
	// first one. An error processor.Null deletes the row.
	add    func(acc A, has bool, value V) (A, error)
	result func(acc A) R
	// serdes finds those of A and R, nil for the latter if none is known.
	serdes func(n *graph.Node, in graph.Handle) (serde.Serde[A], any)
	// ports makes the node's input ports of the instance that they feed.
	// Defaults to the instance itself.
	ports func(r *fold[K, V, A, R]) []any
}

// foldOptions are the options of one call of an aggregation.
func foldOptions(b *graph.Builder, op string, opts []Option) *graph.Options {
	return options(b, op, opts, graph.OptKeySerde, graph.OptValueSerde, graph.OptUnlogged, graph.OptLogConfig, graph.OptTTL)
}

// table adds the aggregation's node and store behind a group.
func (f folding[K, V, A, R]) table(g *grouping[K, V]) KTable[K, R] {
	return f.behind(g.input(f.name, f.options))
}

// behind adds the aggregation's node and store behind a handle.
func (f folding[K, V, A, R]) behind(in graph.Handle) KTable[K, R] {
	b := in.Builder
	n := b.Operator(f.op, in, &graph.Options{Name: f.name})
	if f.callback != nil {
		b.Callback(n, f.callback)
	}
	n.CoPartition = true
	n.Stores = []string{f.name}
	n.Out = []graph.Port{graph.NewPort[K, graph.Change[R]]()}
	ks := graph.KeySerde[K](n, in, f.options)
	as, rs := f.serdes(n, in)
	addStore(b, n, f.name, f.options, ks, as)
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		r := &fold[K, V, A, R]{
			node: n, add: f.add, result: f.result, plain: store.Plain[A](),
			store: t.Store(f.name).(state.KeyValue[K, A]), out: output[K, graph.Change[R]](outs),
			dropped: newDropped(t, n),
		}
		if f.ports != nil {
			return f.ports(r), nil
		}
		return receiver(r)
	}
	h := in.NewValue(n, rs)
	h.KeySerde, h.View = ks, storeView[K](f.name, f.result)
	return TableOf[K, R](h)
}

// fold is an unwindowed aggregation.
type fold[K, V, A, R any] struct {
	node    *graph.Node
	add     func(A, bool, V) (A, error)
	result  func(A) R
	plain   bool // add cannot change what result returned for the same A
	store   state.KeyValue[K, A]
	out     graph.Receiver[K, graph.Change[R]]
	dropped dropped
	m       graph.Meta
}

// Receive gives the row the highest time of all records that went into it, as
// Kafka Streams does.
func (r *fold[K, V, A, R]) Receive(key K, value V, m *graph.Meta) error {
	if !m.HasKey {
		*r.dropped.nullKey++
		return nil
	}
	if !m.HasValue {
		*r.dropped.nullValue++
		return nil
	}
	acc, time, has, err := r.store.GetWithTime(key)
	if err != nil {
		return graph.At(r.node, err)
	}
	r.m = graph.Meta{Time: m.Time, HasKey: true, HasValue: true}
	var c graph.Change[R]
	if has {
		r.m.Time = max(m.Time, time)
		c.Old, c.HasOld = r.result(acc), true
		if !r.plain { // add may change acc in place, and Old with it
			if acc, _, err = r.store.Get(key); err != nil {
				return graph.At(r.node, err)
			}
		}
	}
	acc, err = r.add(acc, has, value)
	isNull, err := null(err)
	switch {
	case err != nil:
		return graph.At(r.node, err)
	case isNull:
		err = r.store.Delete(key)
	default:
		err = r.store.PutWithTime(key, acc, r.m.Time)
		c.New, c.HasNew = r.result(acc), true
	}
	if err != nil {
		return graph.At(r.node, err)
	}
	return r.out.Receive(key, c, &r.m)
}
