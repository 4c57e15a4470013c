package topology

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/state"
)

// derivation is a table under construction whose rows are made of those of
// another table, each of the one with its key. They are computed on demand, or
// kept in a store.
type derivation[K, V, VO any] struct {
	op       string
	options  *graph.Options
	callback any // the user's function, which must not be nil
	// row makes a row of one of the other table, or of none: has is false.
	row func(key K, row V, has bool) (VO, bool, error)
	// quiet says that a change from no row to no row is not sent on.
	quiet  bool
	serdes any // of the rows, nil if none is known
}

// table adds the node behind a table, and its store if it has one.
func (d derivation[K, V, VO]) table(in graph.Handle) KTable[K, VO] {
	b, o := in.Builder, d.options
	name := o.Name
	if name == "" {
		name = o.Store
	}
	n := b.Operator(d.op, in, &graph.Options{Name: name})
	b.Callback(n, d.callback)
	n.Out = []graph.Port{graph.NewPort[K, graph.Change[VO]]()}
	t := TableOf[K, VO](in.NewValue(n, d.serdes))
	if o.Given(graph.OptStored) {
		t = t.Storing(o)
	} else {
		t.h.View = d.view(n, graph.ViewOf[K, V](in))
	}
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		r := &derived[K, V, VO]{node: n, row: d.row, quiet: d.quiet, out: output[K, graph.Change[VO]](outs)}
		if o.Given(graph.OptStored) {
			r.store = t.Store(o.Store).(state.KeyValue[K, VO])
		}
		return receiver(r)
	}
	return t
}

// Storing is for the packages that add operators, and of no use outside the
// module: the table with the store that the option Stored asks for, which its
// node has yet to fill. Its rows are looked up there.
func (t KTable[K, V]) Storing(o *graph.Options) KTable[K, V] {
	h := t.h
	n := h.Node
	n.Stores = append(n.Stores, o.Store)
	ks, vs := graph.KeySerde[K](n, h, o), graph.ValueSerde[V](n, h, o)
	addStore(h.Builder, n, o.Store, o, ks, vs)
	h.KeySerde, h.ValueSerde, h.View = ks, vs, graph.KeyValueView[K](o.Store, same[V])
	return TableOf[K, V](h)
}

// derived sends on what changes of the other table mean for its own rows.
type derived[K, V, VO any] struct {
	node  *graph.Node
	row   func(K, V, bool) (VO, bool, error)
	quiet bool
	store state.KeyValue[K, VO] // nil if rows are computed on demand
	out   graph.Receiver[K, graph.Change[VO]]
}

func (r *derived[K, V, VO]) Receive(key K, c graph.Change[V], m *graph.Meta) (err error) {
	d := graph.Change[VO]{Stale: c.Stale}
	if d.New, d.HasNew, err = r.row(key, c.New, c.HasNew); err != nil {
		return graph.At(r.node, err)
	}
	if r.store == nil {
		d.Old, d.HasOld, err = r.row(key, c.Old, c.HasOld)
	} else {
		d.Old, d.HasOld, err = r.store.Get(key)
	}
	if err != nil {
		return graph.At(r.node, err)
	}
	if r.quiet && !d.HasNew && !d.HasOld {
		return nil
	}
	switch {
	case r.store == nil || c.Stale:
	case d.HasNew:
		err = r.store.PutWithTime(key, d.New, m.Time)
	default:
		err = r.store.Delete(key)
	}
	if err != nil {
		return graph.At(r.node, err)
	}
	return r.out.Receive(key, d, m)
}
