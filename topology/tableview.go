package topology

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
)

// same is the result of stores that hold rows as they are, for
// graph.KeyValueView.
func same[V any](row V) V { return row }

// pastView is the View of a versioned table.
func pastView[K, V any](name string) graph.View[K, V] {
	v := graph.StoredView(name, func(s *store.Versioned[K, V]) graph.Getter[K, V] { return s })
	v.Versioned = true
	return v
}

// view is that of the other table, seen through row.
func (d derivation[K, V, VO]) view(n *graph.Node, from graph.View[K, V]) graph.View[K, VO] {
	if from.Open == nil {
		return graph.View[K, VO]{}
	}
	return graph.View[K, VO]{Stores: from.Stores, Versioned: from.Versioned, Ahead: from.Ahead, Open: func(t graph.Task) (graph.Getter[K, VO], error) {
		rows, err := from.Open(t)
		if err != nil {
			return nil, err
		}
		made := &derivedRows[K, V, VO]{n, rows, d.row}
		if from.Versioned {
			return &derivedPast[K, V, VO]{made, rows.(graph.Past[K, V])}, nil
		}
		return made, nil
	}}
}

// derivedRows are rows computed on demand.
type derivedRows[K, V, VO any] struct {
	node *graph.Node
	rows graph.Getter[K, V]
	row  func(K, V, bool) (VO, bool, error)
}

func (r *derivedRows[K, V, VO]) Get(key K) (row VO, timeMs int64, ok bool, err error) {
	from, timeMs, has, err := r.rows.Get(key)
	return r.made(key, from, timeMs, has, err)
}

// made is what becomes of a row that was looked up. One that is made of none
// has the time -1.
func (r *derivedRows[K, V, VO]) made(key K, from V, timeMs int64, has bool, err error) (row VO, _ int64, ok bool, _ error) {
	if err != nil {
		return row, 0, false, err
	}
	if row, ok, err = r.row(key, from, has); !ok || err != nil {
		return *new(VO), 0, false, graph.At(r.node, err)
	}
	if !has {
		timeMs = -1
	}
	return row, timeMs, true, nil
}

// derivedPast are derivedRows of a versioned table.
type derivedPast[K, V, VO any] struct {
	*derivedRows[K, V, VO]
	past graph.Past[K, V]
}

func (r *derivedPast[K, V, VO]) GetAsOf(key K, asOfMs int64) (row VO, timeMs int64, ok bool, err error) {
	from, timeMs, has, err := r.past.GetAsOf(key, asOfMs)
	return r.made(key, from, timeMs, has, err)
}
