package joins

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// InnerGlobal joins each record of a stream with a row of a table of which every
// instance has a full copy, a topology.GlobalKTable or a Static, and drops those
// for which there is none. keyOf says which row that is; ok is false if it is
// none:
//
//	named := joins.InnerGlobal(orders, products,
//		func(_ string, o Order) (product string, ok bool) { return o.Product, o.Product != "" },
//		func(_ string, o Order, p Product) Line { return Line{o.ID, p.Name} })
//
// The row may have any key, so the stream needs no repartition topic, and the
// number of its partitions has nothing to do with the table's. Only the stream
// triggers, and rows are looked up as they are in this instance at this moment:
// the table is filled beside the tasks and without regard to event time, and
// processing a record again may find another row.
//
// Results have the key, the event time and the headers of the stream's record;
// its key may be null. Records with a null value, and those without a row to look
// for, are dropped and counted. These are the rules of Kafka Streams. InnerGlobal
// takes the option Name.
//
// By example: internal/corpus/testdata/stream-global.txt.
func InnerGlobal[K, V, GK, G, O any](s topology.Streamer[K, V], global copied[GK, G], keyOf func(key K, value V) (row GK, ok bool), joiner func(key K, value V, row G) O, opts ...topology.Option) topology.KStream[K, O] {
	return joinGlobal(s, global, "join-global", keyOf, found(joiner), true, opts)
}

// LeftGlobal is InnerGlobal that keeps the records for which there is no row.
func LeftGlobal[K, V, GK, G, O any](s topology.Streamer[K, V], global copied[GK, G], keyOf func(key K, value V) (row GK, ok bool), joiner func(key K, value V, row processor.Maybe[G]) O, opts ...topology.Option) topology.KStream[K, O] {
	return joinGlobal(s, global, "left-join-global", keyOf, joiner, false, opts)
}

// copied is a table of which every instance has a full copy.
type copied[K, V any] interface {
	Graph() graph.GlobalHandle[K, V]
}

func joinGlobal[K, V, GK, G, O any](s topology.Streamer[K, V], global copied[GK, G], op string, keyOf func(K, V) (GK, bool), joiner func(K, V, processor.Maybe[G]) O, inner bool, opts []topology.Option) topology.KStream[K, O] {
	in, table := streamHandle(s), global.Graph()
	b := in.Builder
	n := b.Operator(op, in, graph.OptionsOf(b, op, opts, graph.OptName))
	b.Callback(n, keyOf)
	b.Callback(n, joiner)
	n.Out = []graph.Port{graph.NewPort[K, O]()}
	switch static, ok := global.(interface {
		check(*graph.Builder, *graph.Node)
	}); {
	case ok:
		static.check(b, n)
	case table.Builder != b:
		b.Errorf(n.Line, "%s: the table belongs to another builder", op)
	default:
		n.Globals = []string{table.Global.Name}
	}
	view := table.View()
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		rows, err := view.Open(t)
		if err != nil {
			return nil, err
		}
		return []any{&streamGlobal[K, V, GK, G, O]{
			node: n, task: t, rows: rows, keyOf: keyOf, joiner: joiner, inner: inner, out: outs[0].(graph.Receiver[K, O]), dropped: newDropped(t, n),
		}}, nil
	}
	return topology.StreamOf[K, O](in.NewValue(n, nil))
}

// streamGlobal joins the records of a stream with rows that it looks up by a key
// of its own choice.
type streamGlobal[K, V, GK, G, O any] struct {
	node   *graph.Node
	task   graph.Task
	rows   graph.Getter[GK, G]
	keyOf  func(K, V) (GK, bool)
	joiner func(K, V, processor.Maybe[G]) O
	inner  bool
	out    graph.Receiver[K, O]
	dropped
}

// Start has a table look after its rows, if it does.
func (r *streamGlobal[K, V, GK, G, O]) Start() error {
	if w, ok := r.rows.(interface {
		watch(graph.Task, *graph.Node)
	}); ok {
		w.watch(r.task, r.node)
	}
	return nil
}

func (r *streamGlobal[K, V, GK, G, O]) Receive(key K, value V, m *graph.Meta) (err error) {
	if !m.HasValue {
		*r.nullValue++
		return nil
	}
	var row processor.Maybe[G]
	at, some := r.keyOf(key, value)
	if some {
		if row.Value, _, row.OK, err = r.rows.Get(at); err != nil {
			return graph.At(r.node, err)
		}
	}
	if r.inner && !row.OK {
		if !some {
			*r.nullKey++
		}
		return nil
	}
	return r.out.Receive(key, r.joiner(key, value, row), m)
}
