package joins

import (
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// Stream is the result of a join of streams of L and R. It can be used wherever a
// KStream can. The zero value is of no use.
type Stream[K, L, R, V any] struct {
	topology.KStream[K, V]
	left, right graph.Handle // of what came late
}

// LateLeft is the stream of the left records that came too late to be joined: they
// were behind the stream time of the join by more than their lateness. Key, event
// time and headers are the record's own; Start and End of windowing.Late are the
// times, the latter excluded, at which right records would have matched. On a
// topic such a record is its value, with the lateness in headers: see
// windowing.Table.Late. It takes the option Name.
func (s Stream[K, L, R, V]) LateLeft(opts ...topology.Option) topology.KStream[K, windowing.Late[L]] {
	return lateStream[K, L](s.left, opts)
}

// LateRight is LateLeft for the right records.
func (s Stream[K, L, R, V]) LateRight(opts ...topology.Option) topology.KStream[K, windowing.Late[R]] {
	return lateStream[K, R](s.right, opts)
}

// lateStream is the stream of late records that leave a join by a handle.
func lateStream[K, V any](late graph.Handle, opts []topology.Option) topology.KStream[K, windowing.Late[V]] {
	return topology.StreamOf[K, windowing.Late[V]](graph.LateRecords[K, windowing.Late[V]](late, opts))
}

// The ports of a join of streams.
const (
	resultPort = iota
	lateLeftPort
	lateRightPort
)

// lateRecord is a record that is before least, the earliest time that is not late,
// and would have matched those from its time+from to its time+to.
func lateRecord[V any](value V, timeMs, from, to, least, now int64, ctx processor.Context) windowing.Late[V] {
	return windowing.Late[V]{
		Value: value, By: time.Duration(least-timeMs) * time.Millisecond,
		Start: plus(timeMs, from), End: plus(plus(timeMs, to), 1), StreamTime: now, WallTime: ctx.Now(),
	}
}
