package windowing

import (
	"fmt"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// folding is an aggregation under construction: records of K and V go into
// accumulators of A, one for each window, which are stored, and show as rows of
// R.
type folding[K, V, A, R any] struct {
	op, name string
	windows  Windows
	options  *graph.Options
	callback any // the user's function, if there is one; it must not be nil
	functions[V, A, R]
	// serdes finds those of A and R, nil for the latter if none is known.
	serdes func(n *graph.Node, in graph.Handle) (serde.Serde[A], any)
}

// functions are what the user's functions add up to.
type functions[V, A, R any] struct {
	// add returns the accumulator with one more value; has is false for the
	// first one. An error processor.Null deletes the row.
	add    func(acc A, has bool, value V) (A, error)
	nulls  bool // add takes null values
	result func(acc A) R
	// merge makes one accumulator of those of two windows that have become one,
	// the earlier one first, which sessions need. It is nil if there is no way.
	merge func(a, b A) (A, error)
}

// kind is what a kind of windows brings to an aggregation: its store, and the
// struct that runs.
type kind[K, V, A, R any] struct {
	keys serde.Serde[state.Windowed[K]] // of the rows, on topics
	view graph.View[state.Windowed[K], R]
	// instance makes the struct that runs in a task, around what is common to
	// all kinds.
	instance func(t graph.Task, o operator[K, V, A, R]) graph.Receiver[K, V]
}

// site is where a kind of windows is used: in node n, behind keys and before
// accumulators with these serdes.
type site[K, A any] struct {
	n  *graph.Node
	b  *graph.Builder
	ks serde.Serde[K]
	as serde.Serde[A]
}

// foldOptions are the options of one call of an aggregation.
func foldOptions(b *graph.Builder, op string, opts []topology.Option) *graph.Options {
	return graph.OptionsOf(b, op, opts, graph.OptKeySerde, graph.OptValueSerde, graph.OptUnlogged, graph.OptLogConfig,
		graph.OptEmitLatest, graph.OptEmitSnapshot, graph.OptEmitOnClose, graph.OptCloseIdle)
}

// kind is that of the aggregation's windows.
func (f folding[K, V, A, R]) kind(s site[K, A]) kind[K, V, A, R] {
	switch w := f.windows.(type) {
	case SlidingWindows:
		return f.sliding(s, w)
	case SessionWindows:
		return f.sessions(s, w)
	default:
		return f.assigned(s, w.(assigned))
	}
}

// table adds the aggregation's node and store behind a group.
func (f folding[K, V, A, R]) table(g graph.Grouped) Table[K, V, R] {
	return f.behind(g.Input(f.name, f.options))
}

// behind adds the aggregation's node and store behind a handle.
func (f folding[K, V, A, R]) behind(in graph.Handle) Table[K, V, R] {
	b := in.Builder
	n := b.Operator(f.op, in, &graph.Options{Name: f.name})
	if f.callback != nil {
		b.Callback(n, f.callback)
	}
	f.windows = given(b, n, f.windows)
	n.Detail = f.windows.String() + f.emits(b, n)
	n.CoPartition, n.StreamTime = true, true
	n.Closing = closingOf[K](f.windows)
	n.Stores = []string{f.name}
	n.Out = []graph.Port{graph.NewPort[state.Windowed[K], graph.Change[R]](), graph.NewPort[K, Late[V]]()}
	ks := graph.KeySerde[K](n, in, f.options)
	as, rs := f.serdes(n, in)
	k := f.kind(site[K, A]{n, b, ks, as})
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		o := f.operator(t, n, outs)
		r := k.instance(t, o)
		if e, ok := o.rows.(*onClose[K, R]); ok {
			if e.store, ok = r.(ending[K, R]); !ok {
				return nil, fmt.Errorf("%s: %s cannot be emitted on close", n.Line, f.windows)
			}
		}
		return []any{r}, nil
	}
	h := in.NewValue(n, rs)
	k.view.Ahead = f.options.Emission.OnClose
	h.KeySerde, h.View = k.keys, k.view
	rows := topology.TableOf[state.Windowed[K], R](h)
	if !f.options.Emission.OnClose {
		rows = rows.Emitting(f.name, f.options)
	}
	return Table[K, V, R]{rows, lateHandle[V](in, n, ks)}
}
