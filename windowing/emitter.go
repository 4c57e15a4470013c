package windowing

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/state"
)

// emitter decides when rows are sent on.
type emitter[K, R any] interface {
	// start comes before the first record.
	start() error
	// arrived comes with each record that has a key, before it goes into windows.
	arrived() error
	// advanced comes whenever else the stream time may have moved.
	advanced() error
	// changed takes the change of a row that is in the store already. timeMs is
	// the event time of the row.
	changed(w state.Windowed[K], c graph.Change[R], timeMs int64) error
	// finish comes when a bounded run has no more records.
	finish() error
}

// emitter makes the one that the options ask for.
func (f folding[K, V, A, R]) emitter(t graph.Task, n *graph.Node, out graph.Receiver[state.Windowed[K], graph.Change[R]]) emitter[K, R] {
	if !f.options.Emission.OnClose {
		return &everyUpdate[K, R]{out: out}
	}
	return newOnClose[K, R](t, n, f.name, f.windows.spans(), f.options.Emission, out)
}

// everyUpdate sends on each change at once.
type everyUpdate[K, R any] struct {
	out graph.Receiver[state.Windowed[K], graph.Change[R]]
	m   graph.Meta
}

func (e *everyUpdate[K, R]) start() error    { return nil }
func (e *everyUpdate[K, R]) arrived() error  { return nil }
func (e *everyUpdate[K, R]) advanced() error { return nil }
func (e *everyUpdate[K, R]) finish() error   { return nil }

func (e *everyUpdate[K, R]) changed(w state.Windowed[K], c graph.Change[R], timeMs int64) error {
	e.m = graph.Meta{Time: timeMs, HasKey: true, HasValue: true}
	return e.out.Receive(w, c, &e.m)
}
