package windowing

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/state"
)

// emitter decides when rows are sent on.
type emitter[K, R any] interface {
	// advanced comes with each record that has a key, before it goes into
	// windows: the stream time may have moved.
	advanced() error
	// changed takes the change of a row that is in the store already. timeMs is
	// the event time of the row.
	changed(w state.Windowed[K], c graph.Change[R], timeMs int64) error
}

// everyUpdate sends on each change at once.
type everyUpdate[K, R any] struct {
	out graph.Receiver[state.Windowed[K], graph.Change[R]]
	m   graph.Meta
}

func (e *everyUpdate[K, R]) advanced() error { return nil }

func (e *everyUpdate[K, R]) changed(w state.Windowed[K], c graph.Change[R], timeMs int64) error {
	e.m = graph.Meta{Time: timeMs, HasKey: true, HasValue: true}
	return e.out.Receive(w, c, &e.m)
}
