package topology

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
)

// newVersions is Node.New of a versioned table.
func newVersions[K, V any](n *graph.Node, name string, vs serde.Serde[V]) func(graph.Task, []any) ([]any, error) {
	return func(t graph.Task, outs []any) ([]any, error) {
		return receiver(&versions[K, V]{
			node: n, store: t.Store(name).(*store.Versioned[K, V]), out: output[K, graph.Change[V]](outs),
			isNull: graph.IsNull(vs), nullKey: t.Counter(n, "null_key"), late: t.Counter(n, "late"),
		})
	}
}

// versions takes each record for what the row of its key is from its time on.
type versions[K, V any] struct {
	node          *graph.Node
	store         *store.Versioned[K, V]
	out           graph.Receiver[K, graph.Change[V]]
	isNull        func(V) bool // nil for types without a null of their own
	nullKey, late *uint64
	m             graph.Meta
}

// Receive drops records from before the history and sends on a change for each
// other one: a stale one if it is older than the row (KIP-914).
func (r *versions[K, V]) Receive(key K, value V, m *graph.Meta) error {
	if !m.HasKey {
		*r.nullKey++
		return nil
	}
	c := graph.Change[V]{HasNew: m.HasValue && (r.isNull == nil || !r.isNull(value))}
	if c.HasNew {
		c.New = value
	}
	u, err := r.store.Update(key, c.New, c.HasNew, m.Time)
	if err != nil {
		return graph.At(r.node, err)
	}
	if !u.Stored {
		*r.late++
		return nil
	}
	c.Old, c.HasOld, c.Stale = u.Old, u.HasOld, !u.Newest
	r.m = graph.Meta{Time: m.Time, HasKey: true, HasValue: c.HasNew}
	return r.out.Receive(key, c, &r.m)
}
