package topology

import (
	"bytes"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// KGroupedTable is a table whose rows are grouped by other keys, to be
// aggregated: a row that changes moves from one group to another. The zero
// value is of no use.
type KGroupedTable[K, V any] struct {
	g *grouping[K, V]
}

func (t KGroupedTable[K, V]) grouped() *grouping[K, V] { return t.g }

// GroupTable groups the rows of a table by the key that fn returns for each,
// with the value to aggregate there. A row whose key or value is a null, which
// takes a type that has one, such as processor.Maybe, is in no group and
// counted. It takes the options Name, Partitions, Serdes, KeySerde and
// ValueSerde, all for the repartition topic before the aggregation. That topic
// is named after the aggregation's store, or by Name: then all aggregations of
// the group share it.
//
// A row that moves to another group leaves the first one before it gets to the
// other, which may be in another partition: between the two it is in neither.
// fn is called again for a row that goes, and must return the same. What can
// fail is for TransformTableErr before it.
//
// By example: internal/corpus/testdata/group-table.txt.
func GroupTable[K, V, KO, VO any](t KTable[K, V], fn func(key K, row V) Pair[KO, VO], opts ...Option) KGroupedTable[KO, VO] {
	in := t.h
	o := groupOptions(in.Builder, "group-table", opts)
	n := in.Builder.Operator("group-table", in, o)
	in.Builder.Callback(n, fn)
	n.Out = []graph.Port{graph.NewPort[KO, graph.Change[VO]]()}
	g := newGrouping[KO, VO](in.NewKey(n).NewValue(n, nil), "group-table", o)
	g.table = true
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		return receiver(&groupTable[K, V, KO, VO]{
			node: n, fn: fn, ks: g.ks, isNullKey: graph.IsNull(g.ks), isNullValue: graph.IsNull(g.vs),
			out: output[KO, graph.Change[VO]](outs), dropped: newDropped(t, n), stale: t.Counter(n, "stale"),
		})
	}
	return KGroupedTable[KO, VO]{g}
}

// groupTable makes changes of rows changes of their groups.
type groupTable[K, V, KO, VO any] struct {
	node        *graph.Node
	fn          func(K, V) Pair[KO, VO]
	ks          serde.Serde[KO] // nil if nothing aggregates the groups
	isNullKey   func(KO) bool   // nil for types without a null of their own
	isNullValue func(VO) bool
	out         graph.Receiver[KO, graph.Change[VO]]
	dropped     dropped
	stale       *uint64
	m           graph.Meta
	a, b        []byte // scratch
}

// Receive sends one change to a group that keeps the row (KIP-904), else one
// to the group that loses it and one to the group that gets it, in this order.
// What only went into the history of a versioned table concerns no group
// (KIP-914).
func (r *groupTable[K, V, KO, VO]) Receive(key K, c graph.Change[V], m *graph.Meta) error {
	if c.Stale {
		*r.stale++
		return nil
	}
	r.m = graph.Meta{Time: m.Time, HasKey: true, HasValue: true}
	old, hasOld, _ := r.place(key, c.Old, c.HasOld)
	row, hasNew, drops := r.place(key, c.New, c.HasNew)
	if drops != nil {
		*drops++ // once for each row: when it comes, not when it goes
	}
	if hasOld && hasNew {
		same, err := r.same(old.Key, row.Key)
		if err != nil {
			return graph.At(r.node, err)
		}
		if same {
			return r.out.Receive(row.Key, graph.Change[VO]{New: row.Value, Old: old.Value, HasNew: true, HasOld: true}, &r.m)
		}
	}
	if hasOld {
		if err := r.out.Receive(old.Key, graph.Change[VO]{Old: old.Value, HasOld: true}, &r.m); err != nil {
			return err
		}
	}
	if hasNew {
		return r.out.Receive(row.Key, graph.Change[VO]{New: row.Value, HasNew: true}, &r.m)
	}
	return nil
}

// place is the group of a row and what it is there; ok is false if it is in
// none, and drops what counts it if there is a row.
func (r *groupTable[K, V, KO, VO]) place(key K, row V, has bool) (p Pair[KO, VO], ok bool, drops *uint64) {
	if !has {
		return p, false, nil
	}
	p = r.fn(key, row)
	switch {
	case r.isNullKey != nil && r.isNullKey(p.Key):
		return p, false, r.dropped.nullKey
	case r.isNullValue != nil && r.isNullValue(p.Value):
		return p, false, r.dropped.nullValue
	}
	return p, true, nil
}

// same reports whether two keys have the same bytes, which is what groups are
// told apart by.
func (r *groupTable[K, V, KO, VO]) same(a, b KO) (_ bool, err error) {
	if r.ks == nil {
		return false, nil
	}
	if r.a, err = r.ks.Append(r.a[:0], a); err != nil {
		return false, err
	}
	if r.b, err = r.ks.Append(r.b[:0], b); err != nil {
		return false, err
	}
	return bytes.Equal(r.a, r.b), nil
}
