package joins

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// InnerTable joins each record of a stream with the row of the table that has
// its key, and drops those for which there is none:
//
//	priced := joins.InnerTable(orders, prices, func(_ string, o Order, p Price) Bill { return o.Bill(p) })
//
// Only the stream triggers: a record sees the row as it is when the record is
// processed, and what changes in the table later changes no result. The task
// reads both sides in the order of event time, so that is the row as of about the
// record's time. With a table that is topology.Versioned it is exactly so: the
// row is that which was valid at the time of the record, as far as the history
// reaches back. Grace lets records wait for rows that come late.
//
// Results have the key, the event time and the headers of the stream's record.
// Records with a null key or value are dropped and counted. These are the rules
// of Kafka Streams.
//
// Where keys may have changed, the stream goes through the repartition topic
// <application>-<name>-repartition first, and Name is needed. InnerTable takes
// the options Name, KeySerde, ValueSerde (of the repartition topic, and of what
// Grace keeps), Grace, and with that CloseIdle of package windowing, Unlogged and
// LogConfig.
//
// By example: internal/corpus/testdata/stream-table.txt.
func InnerTable[K, L, R, V any](s topology.Streamer[K, L], t topology.KTable[K, R], joiner func(key K, l L, r R) V, opts ...topology.Option) topology.KStream[K, V] {
	return joinTable(s, t, "join-table", found(joiner), true, opts)
}

// LeftTable is InnerTable that keeps the records for which there is no row. One
// with a null key and a value has none, and passes the repartition topic too
// (KIP-962).
func LeftTable[K, L, R, V any](s topology.Streamer[K, L], t topology.KTable[K, R], joiner func(key K, l L, r processor.Maybe[R]) V, opts ...topology.Option) topology.KStream[K, V] {
	return joinTable(s, t, "left-join-table", joiner, false, opts)
}

// found is the joiner of an inner join as that of a left join that is never
// called without a row; nil stays nil, for graph.Builder.Callback.
func found[K, L, R, V any](joiner func(K, L, R) V) func(K, L, processor.Maybe[R]) V {
	if joiner == nil {
		return nil
	}
	return func(key K, l L, r processor.Maybe[R]) V { return joiner(key, l, r.Value) }
}

// joinTable adds the node of a join of a stream with a table. The table leads to
// its second port, where nothing is done: so that both have their equal keys in
// one task, and to be seen in descriptions.
func joinTable[K, L, R, V any](s topology.Streamer[K, L], t topology.KTable[K, R], op string, joiner func(K, L, processor.Maybe[R]) V, inner bool, opts []topology.Option) topology.KStream[K, V] {
	table, in := t.Graph(), streamHandle(s)
	b := in.Builder
	o := graph.OptionsOf(b, op, opts, graph.OptName, graph.OptKeySerde, graph.OptValueSerde, graph.OptGrace, graph.OptCloseIdle, graph.OptUnlogged, graph.OptLogConfig)
	at := &graph.Node{Op: op, Line: graph.Caller()} // for errors
	if o.ValueSerde != nil {
		in.ValueSerde = graph.ValueSerde[L](at, in, o)
	}
	ks := table.KeySerde
	if o.KeySerde != nil {
		ks = graph.KeySerde[K](at, in, o)
	}
	switch stream := topology.StreamOf[K, L](in); {
	case in.Rekeyed && o.Name == "":
		b.Errorf(at.Line, "%s: the keys of the stream may have changed, so it goes through a repartition topic, which is named after the join: give it the option Name", op)
	case inner:
		in = together(stream, o.Name, ks)
	default:
		in = together(stream, o.Name, ks, withNullKeys)
	}
	n := b.Operator(op, in, o)
	if table.Builder != b {
		b.Errorf(n.Line, "%s: the table belongs to another builder", op)
		return topology.StreamOf[K, V](in.NewValue(n, nil))
	}
	b.Callback(n, joiner)
	n.In = append(n.In, table.Edge(1))
	n.CoPartition = true
	n.Out = []graph.Port{graph.NewPort[K, V]()}
	view := graph.ViewOf[K, R](table)
	if view.Open == nil {
		b.Errorf(n.Line, "%s: the rows of table %s cannot be looked up: they are in no store", op, table.Node.Name)
		return topology.StreamOf[K, V](in.NewValue(n, nil))
	}
	n.Stores = append(n.Stores, view.Stores...)
	buffer := ""
	if checkGrace(b, n, o, view.Versioned, b.History(view.Stores)) {
		buffer = addGrace(b, n, o, graph.KeySerde[K](n, in, &graph.Options{KeySerde: o.KeySerde, KeyType: o.KeyType}), graph.ValueSerde[L](n, in, &graph.Options{}))
	}
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		rows, err := view.Open(t)
		if err != nil {
			return nil, err
		}
		r := &streamTable[K, L, R, V]{node: n, rows: rows, joiner: joiner, inner: inner, out: outs[0].(graph.Receiver[K, V]), dropped: newDropped(t, n)}
		if view.Versioned {
			r.past = rows.(graph.Past[K, R])
		}
		changes := nothingToDo[K, graph.Change[R]]{}
		if buffer != "" {
			return []any{newPatient(t, r, buffer, o), changes}, nil
		}
		return []any{r, changes}, nil
	}
	return topology.StreamOf[K, V](in.NewValue(n, nil))
}

// nothingToDo is the port of a table whose rows are looked up.
type nothingToDo[K, V any] struct{}

func (nothingToDo[K, V]) Receive(K, V, *graph.Meta) error { return nil }

// streamTable joins the records of a stream with rows that it looks up.
type streamTable[K, L, R, V any] struct {
	node   *graph.Node
	rows   graph.Getter[K, R]
	past   graph.Past[K, R] // nil unless the table is versioned
	joiner func(K, L, processor.Maybe[R]) V
	inner  bool
	out    graph.Receiver[K, V]
	dropped
}

func (r *streamTable[K, L, R, V]) Receive(key K, value L, m *graph.Meta) error {
	if !r.admits(m) {
		return nil
	}
	return r.join(key, value, m)
}

// admits says whether the join has a use for a record, and counts those that it
// drops.
func (r *streamTable[K, L, R, V]) admits(m *graph.Meta) bool {
	switch {
	case !m.HasKey && r.inner:
		*r.nullKey++
	case !m.HasValue:
		*r.nullValue++
	default:
		return true
	}
	return false
}

// join sends on what a record gives with the row of its key.
func (r *streamTable[K, L, R, V]) join(key K, value L, m *graph.Meta) (err error) {
	var row processor.Maybe[R]
	switch {
	case !m.HasKey:
	case r.past != nil:
		row.Value, _, row.OK, err = r.past.GetAsOf(key, m.Time)
	default:
		row.Value, _, row.OK, err = r.rows.Get(key)
	}
	if err != nil {
		return graph.At(r.node, err)
	}
	if r.inner && !row.OK {
		return nil
	}
	return r.out.Receive(key, r.joiner(key, value, row), m)
}
