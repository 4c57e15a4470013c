package windowing

import (
	"errors"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// folding is an aggregation under construction: records of K and V go into
// accumulators of A, one for each window, which are stored, and show as rows of
// R.
type folding[K, V, A, R any] struct {
	op, name string
	windows  TimeWindows
	options  *graph.Options
	callback any // the user's function, if there is one; it must not be nil
	// add returns the accumulator with one more value; has is false for the
	// first one. An error processor.Null deletes the row.
	add    func(acc A, has bool, value V) (A, error)
	nulls  bool // add takes null values
	result func(acc A) R
	// serdes finds those of A and R, nil for the latter if none is known.
	serdes func(n *graph.Node, in graph.Handle) (serde.Serde[A], any)
}

// foldOptions are the options of one call of an aggregation.
func foldOptions(b *graph.Builder, op string, opts []topology.Option) *graph.Options {
	return graph.OptionsOf(b, op, opts, graph.OptKeySerde, graph.OptValueSerde, graph.OptUnlogged, graph.OptLogConfig)
}

// table adds the aggregation's node and store behind a group.
func (f folding[K, V, A, R]) table(g graph.Grouped) Table[K, R] {
	b, in := g.Builder, g.Input(f.name, f.options)
	n := b.Operator(f.op, in, &graph.Options{Name: f.name})
	if f.callback != nil {
		b.Callback(n, f.callback)
	}
	f.windows.check(b, n)
	n.Detail = f.windows.String()
	n.CoPartition, n.StreamTime = true, true
	n.Stores = []string{f.name}
	n.Out = []graph.Port{graph.NewPort[state.Windowed[K], graph.Change[R]]()}
	ks := graph.KeySerde[K](n, in, f.options)
	as, rs := f.serdes(n, in)
	addStore(b, n, f.name, f.windows, f.options, ks, as)
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		return []any{&fold[K, V, A, R]{
			node: n, windows: f.windows, arithmetic: f.windows.arithmetic(),
			add: f.add, nulls: f.nulls, result: f.result, plain: store.Plain[A](),
			store: t.Store(f.name).(*store.Window[K, A]), out: outs[0].(graph.Receiver[state.Windowed[K], graph.Change[R]]),
			streamTime: t.OperatorTime(n), nullKey: t.Counter(n, "null_key"), nullValue: t.Counter(n, "null_value"), late: t.Counter(n, "late"),
		}}, nil
	}
	h := in.NewValue(n, rs)
	h.KeySerde, h.View = state.WindowedSerde(ks, f.windows.size), windowView[K](f.name, f.result)
	return Table[K, R]{topology.TableOf[state.Windowed[K], R](h)}
}

// fold is an aggregation in windows.
type fold[K, V, A, R any] struct {
	node    *graph.Node
	windows TimeWindows
	arithmetic
	add                      func(A, bool, V) (A, error)
	nulls                    bool
	result                   func(A) R
	plain                    bool // add cannot change what result returned for the same A
	store                    *store.Window[K, A]
	out                      graph.Receiver[state.Windowed[K], graph.Change[R]]
	streamTime               *int64 // the operator's own
	nullKey, nullValue, late *uint64
	m                        graph.Meta
}

// Receive puts a record into all its windows that are open, in the order in
// which they begin. Each one that is closed counts as a late record, as in
// Kafka Streams; so does a record from before 1970, which has none.
func (r *fold[K, V, A, R]) Receive(key K, value V, m *graph.Meta) error {
	if !m.HasKey {
		*r.nullKey++
		return nil
	}
	*r.streamTime = max(*r.streamTime, m.Time)
	if !m.HasValue && !r.nulls {
		*r.nullValue++
		return nil
	}
	start, n := r.arithmetic.windows(m.Time)
	if n == 0 {
		*r.late++
	}
	for ; n > 0; start, n = start+r.advance, n-1 {
		if r.closed(start, *r.streamTime) {
			*r.late++
			continue
		}
		if err := r.update(key, start, value, m.Time); err != nil {
			return err
		}
	}
	return nil
}

// update puts a value into one window and sends on the change of its row, which
// gets the highest time of all records that went into it.
func (r *fold[K, V, A, R]) update(key K, start int64, value V, timeMs int64) error {
	var c graph.Change[R]
	acc, time, has, err := r.store.GetWithTime(key, start)
	if err != nil {
		return graph.At(r.node, err)
	}
	if has {
		timeMs = max(timeMs, time)
		c.Old, c.HasOld = r.result(acc), true
		if !r.plain { // Old must not change with acc
			if acc, _, err = r.store.Get(key, start); err != nil {
				return graph.At(r.node, err)
			}
		}
	}
	acc, err = r.add(acc, has, value)
	switch {
	case err == nil:
		stored, err := r.store.PutWithTime(key, acc, start, timeMs)
		if err != nil {
			return graph.At(r.node, err)
		}
		if !stored { // the store knows better: the stream time was lost, with the offsets
			*r.late++
			return nil
		}
		c.New, c.HasNew = r.result(acc), true
	case errors.Is(err, processor.Null):
		if err := r.store.Delete(key, start); err != nil {
			return graph.At(r.node, err)
		}
	default:
		return graph.At(r.node, err)
	}
	r.m = graph.Meta{Time: timeMs, HasKey: true, HasValue: true}
	return r.out.Receive(state.WindowOf(key, start, r.windows.size), c, &r.m)
}
