package topology

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// Table reads a topic as a table, into a store of the given name: a record is
// the new row of its key, also if it is older than the present one, and a null
// value deletes the row. Records with a null key are dropped and counted. It
// takes the options of Stream but Name and RefuseNulls, and Unlogged, LogConfig,
// TTL or Versioned, EmitLatest and EmitSnapshot.
//
// By example: internal/corpus/testdata/table.txt.
func Table[K, V any](b *Builder, topic, name string, opts ...Option) KTable[K, V] {
	o := graph.OptionsOf(b.g, "table", opts, append(emitOptions, graph.OptKeySerde, graph.OptValueSerde, graph.OptStart, graph.OptTimestamp,
		graph.OptDataLoss, graph.OptDecode, graph.OptMaxRate, graph.OptWatermark, graph.OptIdle, graph.OptUnlogged, graph.OptLogConfig, graph.OptTTL, graph.OptVersioned)...)
	read := *o
	read.Name = name + "-source"
	in := addSource[K, V](b.g, &graph.Source{Topics: []string{topic}}, &read)
	return rows[K, V](in.h, "table", name, o)
}

// rows adds the node and the store that make a table of the records behind in.
func rows[K, V any](in graph.Handle, op, name string, o *graph.Options) KTable[K, V] {
	b := in.Builder
	n := b.Operator(op, in, &graph.Options{Name: name})
	n.CoPartition = true
	n.Stores = []string{name}
	n.Out = []graph.Port{graph.NewPort[K, graph.Change[V]]()}
	ks, vs := graph.KeySerde[K](n, in, o), graph.ValueSerde[V](n, in, o)
	h := in.NewValue(n, vs)
	h.KeySerde = ks
	if o.Given(graph.OptVersioned) {
		addVersionedStore(b, n, name, o, ks, vs)
		n.New, h.View = newVersions[K](n, name, vs), pastView[K, V](name)
	} else {
		addStore(b, n, name, o, ks, vs)
		n.New, h.View = newUpsert[K](n, name, vs), graph.KeyValueView[K](name, same[V])
	}
	return emitting(TableOf[K, V](h), name, o)
}

// newUpsert is Node.New of a table that is not versioned.
func newUpsert[K, V any](n *graph.Node, name string, vs serde.Serde[V]) func(graph.Task, []any) ([]any, error) {
	return func(t graph.Task, outs []any) ([]any, error) {
		return receiver(&upsert[K, V]{
			node: n, store: t.Store(name).(state.KeyValue[K, V]), out: output[K, graph.Change[V]](outs),
			isNull: graph.IsNull(vs), nullKey: t.Counter(n, "null_key"),
		})
	}
}

// upsert takes each record for the new row of its key.
type upsert[K, V any] struct {
	node    *graph.Node
	store   state.KeyValue[K, V]
	out     graph.Receiver[K, graph.Change[V]]
	isNull  func(V) bool // nil for types without a null of their own
	nullKey *uint64
	m       graph.Meta
}

// Receive sends on a change for each record, as Kafka Streams does: also if
// the row stays what it was, and if one is deleted that did not exist.
func (r *upsert[K, V]) Receive(key K, value V, m *graph.Meta) error {
	if !m.HasKey {
		*r.nullKey++
		return nil
	}
	has := m.HasValue && (r.isNull == nil || !r.isNull(value))
	old, hadOld, err := r.store.Get(key)
	if err != nil {
		return graph.At(r.node, err)
	}
	c := graph.Change[V]{Old: old, HasOld: hadOld, HasNew: has}
	if has {
		c.New = value
		err = r.store.PutWithTime(key, value, m.Time)
	} else {
		err = r.store.Delete(key)
	}
	if err != nil {
		return graph.At(r.node, err)
	}
	r.m = graph.Meta{Time: m.Time, HasKey: true, HasValue: has}
	return r.out.Receive(key, c, &r.m)
}
