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
	// remove takes out a value that was put in, which tables need. If it is
	// nil, missing says what is missing.
	remove  func(acc A, value V) (A, error)
	missing string
	// serdes finds those of A and R, nil for the latter if none is known.
	serdes func(n *graph.Node, in graph.Handle) (serde.Serde[A], any)
	// ports makes the node's input ports of the instance that they feed.
	// Defaults to the instance itself.
	ports func(r *fold[K, V, A, R]) []any
}

// foldOptions are the options of one call of an aggregation, which takes more
// than all of them do.
func foldOptions(b *graph.Builder, op string, opts []Option, more ...graph.Option) *graph.Options {
	more = append(more, emitOptions...)
	return graph.OptionsOf(b, op, opts, append(more, graph.OptKeySerde, graph.OptValueSerde, graph.OptUnlogged, graph.OptLogConfig, graph.OptTTL)...)
}

// table adds the aggregation's node and store behind a group.
func (f folding[K, V, A, R]) table(g *grouping[K, V]) KTable[K, R] {
	if g.table {
		if f.remove == nil {
			g.in.Builder.Errorf(graph.Caller(), "%s: a row of a table is taken out of its group when it changes, which needs %s", f.op, f.missing)
		}
		f.ports = func(r *fold[K, V, A, R]) []any { return []any{&refold[K, V, A, R]{r, f.remove}} }
	}
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
	h.KeySerde, h.View = ks, graph.KeyValueView[K](f.name, f.result)
	return emitting(TableOf[K, R](h), f.name, f.options)
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

func (r *fold[K, V, A, R]) Receive(key K, value V, m *graph.Meta) error {
	if r.drops(m) {
		return nil
	}
	acc, has, c, err := r.before(key, m)
	if err != nil {
		return graph.At(r.node, err)
	}
	if acc, has, err = present(r.add(acc, has, value)); err != nil {
		return graph.At(r.node, err)
	}
	return r.after(key, acc, has, c)
}

// drops reports whether a record is dropped, and counts it.
func (r *fold[K, V, A, R]) drops(m *graph.Meta) bool {
	switch {
	case !m.HasKey:
		*r.dropped.nullKey++
	case !m.HasValue:
		*r.dropped.nullValue++
	default:
		return false
	}
	return true
}

// before returns the accumulator of key as it is, which may be changed in
// place, and the change of the row without what comes of it. The row gets the
// highest time of all records that went into it, as in Kafka Streams.
func (r *fold[K, V, A, R]) before(key K, m *graph.Meta) (acc A, has bool, c graph.Change[R], err error) {
	acc, time, has, err := r.store.GetWithTime(key)
	if err != nil {
		return acc, has, c, err
	}
	r.m = graph.Meta{Time: m.Time, HasKey: true, HasValue: true}
	if has {
		r.m.Time = max(m.Time, time)
		c.Old, c.HasOld = r.result(acc), true
		if !r.plain { // Old must not change with acc
			acc, _, err = r.store.Get(key)
		}
	}
	return acc, has, c, err
}

// after stores the accumulator, or deletes it if there is none any more, and
// sends on the change of the row.
func (r *fold[K, V, A, R]) after(key K, acc A, has bool, c graph.Change[R]) (err error) {
	if has {
		err = r.store.PutWithTime(key, acc, r.m.Time)
		c.New, c.HasNew = r.result(acc), true
	} else {
		err = r.store.Delete(key)
	}
	if err != nil {
		return graph.At(r.node, err)
	}
	return r.out.Receive(key, c, &r.m)
}

// present takes what an aggregation's function returned apart: has is false if
// the row is to be deleted.
func present[A any](acc A, err error) (_ A, has bool, _ error) {
	isNull, err := null(err)
	return acc, !isNull, err
}
