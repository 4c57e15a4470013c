package windowing

import (
	"errors"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// operator is what aggregations have in common that run in a task, whatever
// their windows.
type operator[K, V, A, R any] struct {
	node *graph.Node
	now  func() int64 // the wall clock, in milliseconds
	// closesAfter is how far the stream time has to be past the end of a window
	// to close it, in milliseconds.
	closesAfter int64
	spans       spans
	functions[V, A, R]
	plain bool // add cannot change what result returned for the same A
	clock graph.Clock
	rows  emitter[K, R]
	lates graph.Receiver[K, Late[V]]

	nullKey, nullValue, late *uint64
}

// operator makes the common part for one task.
func (f folding[K, V, A, R]) operator(t graph.Task, n *graph.Node, outs []any) operator[K, V, A, R] {
	of := f.windows.spans()
	return operator[K, V, A, R]{
		node: n, now: t.Context(n).Now, closesAfter: of.closesAfter(), spans: of, functions: f.functions, plain: store.Plain[A](), clock: graph.ClockOf(t, n),
		rows:    f.emitter(t, n, outs[0].(graph.Receiver[state.Windowed[K], graph.Change[R]])),
		lates:   outs[1].(graph.Receiver[K, Late[V]]),
		nullKey: t.Counter(n, "null_key"), nullValue: t.Counter(n, "null_value"), late: t.Counter(n, "late"),
	}
}

// Start implements graph.Starter.
func (o *operator[K, V, A, R]) Start() error { return o.rows.start() }

// Flush implements graph.Flusher: what a watermark has closed is sent on before
// the store lets go of it.
func (o *operator[K, V, A, R]) Flush(int64) error { return o.rows.advanced() }

// Finish implements graph.Finisher.
func (o *operator[K, V, A, R]) Finish(int64) error { return o.rows.finish() }

// admit begins each record: it moves the stream time, and says whether the
// record goes into windows. Null keys and values that no function takes do not,
// and are counted; the former do not even move the stream time, as in Kafka
// Streams.
func (o *operator[K, V, A, R]) admit(m *graph.Meta) (streamTime int64, ok bool, err error) {
	if !m.HasKey {
		*o.nullKey++
		return 0, false, nil
	}
	streamTime = o.clock.Observe(m)
	if err := o.rows.arrived(); err != nil {
		return 0, false, err
	}
	if !m.HasValue && !o.nulls {
		*o.nullValue++
		return 0, false, nil
	}
	return streamTime, true, nil
}

// closed says whether a window takes no more records. One that ends with time
// itself never closes.
func (o *operator[K, V, A, R]) closed(w window, streamTime int64) bool {
	return o.sinceClose(w, streamTime) >= 0
}

// sinceClose is for how long a window has been closed, in milliseconds.
func (o *operator[K, V, A, R]) sinceClose(w window, streamTime int64) int64 {
	if w.end == endOfTime {
		return -1
	}
	return streamTime - o.closesAfter - w.end
}

// missed counts a record that is late for a window, and sends it on as such.
func (o *operator[K, V, A, R]) missed(key K, value V, m *graph.Meta, w window, streamTime int64) error {
	*o.late++
	return o.lates.Receive(key, Late[V]{
		Value: value, By: time.Duration(max(0, o.sinceClose(w, streamTime))) * time.Millisecond,
		Start: w.start, End: w.end, StreamTime: streamTime, WallTime: o.now(),
	}, m)
}

// added is an accumulator with one more value; has is false if the row is to be
// deleted.
func (o *operator[K, V, A, R]) added(acc A, has bool, value V) (A, bool, error) {
	return o.orNull(o.add(acc, has, value))
}

// orNull is what a function has made of accumulators; has is false if that is
// null.
func (o *operator[K, V, A, R]) orNull(made A, failed error) (acc A, has bool, err error) {
	if failed == nil {
		return made, true, nil
	}
	if errors.Is(failed, processor.Null) {
		failed = nil
	}
	return made, false, graph.At(o.node, failed)
}
