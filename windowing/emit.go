package windowing

import (
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/topology"
)

// EmitOnClose has an aggregation send on each row once, when its window has
// closed: when the stream time has reached the end plus the grace. It is Spark's
// append mode, and Kafka Streams' emit on window close. Rows come in the order of
// their windows, then of the encoded keys, with the event time of their last
// record and without headers, while the record is processed that closed them.
// How far that has come is committed with the offsets: under exactly once no
// crash and no rebalance loses a row or sends one twice.
//
// Kafka Streams forgets rows whose window the stream time leaps over by more
// than the store's retention; here they are sent on.
//
// Windows close with the records that follow. See CloseIdle for inputs that
// stay away. A run that is bounded, App.RunUntilCaughtUp, closes all windows at
// its end; what comes for them in a later run is late. Windows that never close
// are an error at build. Defaults to every update; see also topology.EmitLatest
// and topology.EmitSnapshot, which list or look up the rows that the store
// holds.
//
// By example: internal/corpus/testdata/emit-on-close.txt.
func EmitOnClose() topology.Option {
	return func(o *graph.Options) {
		o.Give(graph.OptEmitOnClose)
		o.Emission.OnClose = true
	}
}

// EmitOnCloseThenLate is EmitOnClose without the wait for late records: it has
// an aggregation send on a row when the stream time has reached the end of its
// window, and again with each record that comes for it within the grace.
//
// By example: internal/corpus/testdata/emit-then-late.txt.
func EmitOnCloseThenLate() topology.Option {
	return func(o *graph.Options) {
		EmitOnClose()(o)
		o.Emission.ThenLate = true
	}
}

// CloseIdle lets windows close although no records come: once the aggregation
// has had none for d of the wall clock, and none wait to be processed, its
// stream time goes on with the wall clock from where it stood, as far as there
// are windows to close. Records that come then may be late. Goes with
// EmitOnClose and EmitOnCloseThenLate. Defaults to windows that stay open until
// a record comes.
//
// By example: internal/corpus/testdata/close-idle.txt.
func CloseIdle(d time.Duration) topology.Option {
	return func(o *graph.Options) {
		o.Give(graph.OptCloseIdle)
		o.Emission.Idle = d
	}
}

// emits notes what is wrong with the emission of node n, and describes it.
func (f folding[K, V, A, R]) emits(b *graph.Builder, n *graph.Node) (detail string) {
	e := f.options.Emission
	switch {
	case e.OnClose && (e.Latest || e.Snapshot):
		b.Errorf(n.Line, "%s: EmitOnClose excludes EmitLatest and EmitSnapshot", n.Op)
	case e.OnClose && f.windows.spans().endless:
		b.Errorf(n.Line, "%s: EmitOnClose never sends on anything: %s never close", n.Op, f.windows)
	case e.Idle > 0 && !e.OnClose:
		b.Errorf(n.Line, "%s: CloseIdle needs EmitOnClose or EmitOnCloseThenLate: otherwise nothing waits for windows to close", n.Op)
	}
	switch {
	case e.ThenLate:
		detail = "; emits at the end, then late"
	case e.OnClose:
		detail = "; emits on close"
	}
	if e.Idle > 0 {
		detail += "; closes idle after " + e.Idle.String()
	}
	return detail
}
