package topology

import "github.com/millrace-io/millrace/internal/graph"

// refold is an unwindowed aggregation of the rows of a table: a row that
// changes is taken out as it was and put in as it is.
type refold[K, V, A, R any] struct {
	*fold[K, V, A, R]
	remove func(acc A, value V) (A, error)
}

// Receive does what Kafka Streams does: nothing is taken out of a row that is
// not there, and even then a change from no row to no row is sent on.
func (r *refold[K, V, A, R]) Receive(key K, in graph.Change[V], m *graph.Meta) error {
	if r.drops(m) {
		return nil
	}
	acc, has, c, err := r.before(key, m)
	if err == nil && in.HasOld && has {
		acc, has, err = present(r.remove(acc, in.Old))
	}
	if err == nil && in.HasNew {
		acc, has, err = present(r.add(acc, has, in.New))
	}
	if err != nil {
		return graph.At(r.node, err)
	}
	return r.after(key, acc, has, c)
}
