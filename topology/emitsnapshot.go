package topology

import (
	"fmt"

	"github.com/millrace-io/millrace/internal/graph"
)

// snapshot sends on all rows of a table at times.
type snapshot[K, R any] struct {
	emission[K, R]
}

// Start schedules what is sent on.
func (r *snapshot[K, R]) Start() error {
	r.schedule(r.emit)
	return nil
}

// Finish sends on the rows as a bounded run leaves them.
func (r *snapshot[K, R]) Finish(nowMs int64) error { return r.call(nowMs, r.emit) }

// Receive does nothing: the row has changed in the table's store.
func (r *snapshot[K, R]) Receive(K, graph.Change[R], *graph.Meta) error { return nil }

func (r *snapshot[K, R]) emit() error {
	rows, ok := r.rows.(graph.Scanner[K, R])
	if !ok {
		return graph.At(r.node, fmt.Errorf("%T cannot list its rows", r.rows))
	}
	return graph.At(r.node, rows.All(func(key K, row R, timeMs int64) error {
		r.m = graph.Meta{Time: timeMs, HasKey: true, HasValue: true}
		return r.out.Receive(key, graph.Change[R]{New: row, HasNew: true}, &r.m)
	}))
}
