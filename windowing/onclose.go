package windowing

import (
	"math"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/state"
)

// ending is the store of an aggregation, as its windows end.
type ending[K, R any] interface {
	// ended calls visit for each row whose window is over: the first millisecond
	// behind it, spans.after(w.End), lies after one time and until another, which
	// is included. Rows come in the order of time, then of the encoded keys.
	// next is that millisecond of the first row behind until, endOfTime if there
	// is none.
	ended(after, until int64, visit func(w state.Windowed[K], row R, timeMs int64) error) (next int64, err error)
}

// onClose sends on rows when their windows have closed.
//
// Its close time is the stream time less what windows stay open for after their
// end. All that ended up to closed has been sent on:
//
//	        closed        close time   stream time
//	ended | ............. | - to send -| .......... |
//	----------------------------------------------------->
//
// The close time moves with nearly every record and few of them close a window:
// due is when the next one is, so that only those look into the store.
type onClose[K, R any] struct {
	of     spans
	again  bool // rows are sent on again when they change after the close
	delay  int64
	clock  graph.Clock
	closed *int64 // survives restarts
	store  ending[K, R]
	ctx    processor.Context
	out    graph.Receiver[state.Windowed[K], graph.Change[R]]
	m      graph.Meta

	// due is the earliest end among the rows that have not been sent on, or
	// earlier. It holds for one value of closed, and not for that to which a
	// record that fails takes it back.
	due, dueFor int64

	idle graph.Idle
}

func newOnClose[K, R any](t graph.Task, n *graph.Node, store string, of spans, e graph.Emission, out graph.Receiver[state.Windowed[K], graph.Change[R]]) *onClose[K, R] {
	r := &onClose[K, R]{
		of: of, again: e.ThenLate, delay: (of.grace + of.gap).Milliseconds(), clock: graph.ClockOf(t, n), closed: t.CloseTime(store), out: out, dueFor: math.MinInt64,
		ctx: t.Context(n),
	}
	r.idle = graph.IdleOf(t, n, r.clock, e.Idle)
	if r.again {
		r.delay = of.gap.Milliseconds()
	}
	// Kafka Streams commits the close time alone, and an operator that did not
	// emit on close the stream time.
	if *r.closed >= 0 {
		r.clock.Raise(*r.closed + r.delay)
	} else {
		*r.closed = max(*r.closed, r.clock.Now()-r.delay)
	}
	return r
}

func (e *onClose[K, R]) start() error {
	e.clock.Watch(e.ctx, func(int64) error { return e.advanced() })
	e.idle.Start(e.goesOn)
	return nil
}

func (e *onClose[K, R]) arrived() error {
	e.idle.Record()
	return e.advanced()
}

func (e *onClose[K, R]) advanced() error {
	now := e.clock.Now() - e.delay
	if now <= *e.closed {
		return nil
	}
	if e.dueFor == *e.closed && now < e.due {
		*e.closed, e.dueFor = now, now
		return nil
	}
	if _, err := e.send(now); err != nil {
		return err
	}
	*e.closed, e.dueFor = now, now
	return nil
}

// send sends on what has ended up to a close time, and returns when the last of
// it did.
func (e *onClose[K, R]) send(until int64) (last int64, err error) {
	last = *e.closed
	e.due, err = e.store.ended(*e.closed, until, func(w state.Windowed[K], row R, timeMs int64) error {
		last = e.of.after(w.End)
		e.m = graph.Meta{Time: timeMs, HasKey: true, HasValue: true}
		return e.out.Receive(w, graph.Change[R]{New: row, HasNew: true}, &e.m)
	})
	return last, err
}

func (e *onClose[K, R]) changed(w state.Windowed[K], c graph.Change[R], timeMs int64) error {
	if at := e.of.after(w.End); at > *e.closed {
		e.due = min(e.due, at)
		return nil
	}
	if !e.again {
		return nil
	}
	e.m = graph.Meta{Time: timeMs, HasKey: true, HasValue: true}
	return e.out.Receive(w, c, &e.m)
}

// closeUntil closes all windows up to a close time that no record has brought,
// and none that may come later than the last of them.
func (e *onClose[K, R]) closeUntil(until int64) error {
	last, err := e.send(until)
	if err != nil {
		e.dueFor = math.MinInt64
		return err
	}
	if last > *e.closed {
		*e.closed = last
		e.clock.Raise(last + e.delay)
	}
	e.dueFor = *e.closed
	return nil
}

// finish closes all windows.
func (e *onClose[K, R]) finish() error { return e.closeUntil(endOfTime - 1) }

// goesOn closes windows by the wall clock while the input is idle.
func (e *onClose[K, R]) goesOn(streamTime int64) error {
	if e.dueFor == *e.closed && streamTime-e.delay < e.due {
		return nil
	}
	return e.closeUntil(streamTime - e.delay)
}
