package topology

import (
	"math"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
)

// EmitLatest has a table send on the latest row of each key that has changed,
// and not every update: with each commit if d is 0, else at the multiples of d
// of the wall clock. It is Spark's update mode, and what Kafka Streams' record
// cache does by chance. What has changed since survives a restart, with d in a
// store of its own, called <name>-emit, which holds the rows last emitted: their
// serde must be known, as an option of the operator or by type. A row that came
// and went in between is not sent on. The order is that of the first changes,
// with d that of the encoded keys.
//
// Rows of windows that leave their store before the interval is over are sent on
// with the commit that lets them go. Look-ups, by joins and queries, see the newest rows all the same. A run that
// is bounded, App.RunUntilCaughtUp, emits at its end instead. Defaults to every
// update.
//
// By example: internal/corpus/testdata/emit-latest.txt.
func EmitLatest(d time.Duration) Option {
	return func(o *graph.Options) {
		o.Give(graph.OptEmitLatest)
		o.Emission.Latest, o.Emission.Every = true, d
	}
}

// EmitSnapshot has a table send on all its rows at the multiples of d of the
// wall clock, changed or not, in the order of their encoded keys, and nothing
// else: Spark's complete mode. Rows that were deleted are missing in the next
// snapshot, no null is sent for them. A snapshot is one piece of a transaction
// and is held in memory until that commits. A run that is bounded,
// App.RunUntilCaughtUp, emits one at its end instead. Such a table can be read as a
// stream, filtered and mapped; what needs its changes is an error at build.
// Defaults to every update.
//
// By example: internal/corpus/testdata/emit-snapshot.txt.
func EmitSnapshot(d time.Duration) Option {
	return func(o *graph.Options) {
		o.Give(graph.OptEmitSnapshot)
		o.Emission.Snapshot, o.Emission.Every = true, d
	}
}

// emitOptions are those that emitting reads.
var emitOptions = []graph.Option{graph.OptEmitLatest, graph.OptEmitSnapshot, graph.OptEmitOnClose}

// Emitting is for the packages that add operators, and of no use outside the
// module: the table with the emission that the options of its operator ask for.
// name is that of its store.
func (t KTable[K, V]) Emitting(name string, o *graph.Options) KTable[K, V] {
	return emitting(t, name, o)
}

// emitting puts the node behind a table that holds its changes back, if the
// options of the table's operator ask for one. name is that of its store.
func emitting[K, R any](t KTable[K, R], name string, o *graph.Options) KTable[K, R] {
	e, b, op := o.Emission, t.h.Builder, t.h.Node.Op
	switch {
	case !e.Latest && !e.Snapshot && !e.OnClose:
		return t
	case e.OnClose:
		b.Errorf(graph.Caller(), "%s: EmitOnClose is for windows: without them a row never closes", op)
		return t
	case e.Latest && e.Snapshot:
		b.Errorf(graph.Caller(), "%s: EmitLatest and EmitSnapshot exclude each other", op)
		return t
	case e.Snapshot && o.Given(graph.OptVersioned):
		b.Errorf(graph.Caller(), "%s: EmitSnapshot and Versioned exclude each other: a versioned store does not list its rows", op)
		return t
	case e.Every < 0, e.Every > 0 && e.Every < time.Millisecond, e.Snapshot && e.Every == 0:
		b.Errorf(graph.Caller(), "%s: emission every %s: give an interval of 1 ms or more", op, e.Every)
		return t
	}
	view := graph.ViewOf[K, R](t.h)
	n := b.Operator("emit", t.h, &graph.Options{Name: name + "-emit"})
	n.Stores = append(n.Stores, view.Stores...)
	n.Out = []graph.Port{graph.NewPort[K, graph.Change[R]]()}
	n.Snapshots = e.Snapshot
	n.StreamTime = e.Every > 0
	held := emission[K, R]{node: n, every: e.Every}
	switch {
	case e.Snapshot:
		n.Detail = "snapshot every " + e.Every.String()
		n.New = held.maker(view, func(e emission[K, R], _ graph.Task) any { return &snapshot[K, R]{emission: e} })
	case e.Every > 0:
		n.Detail = "latest every " + e.Every.String()
		ks, vs := graph.KeySerde[K](n, t.h, &graph.Options{}), graph.ValueSerde[R](n, t.h, &graph.Options{})
		own := &graph.Options{}
		if o.Given(graph.OptUnlogged) {
			own.Give(graph.OptUnlogged)
		}
		spec := addStore(b, n, name+"-emit", own, ks, emittedSerde[R]{vs})
		n.Stores = append(n.Stores, spec.Name)
		n.New = held.maker(view, func(e emission[K, R], t graph.Task) any {
			return &interval[K, R]{emission: e, oldest: math.MinInt64, emitted: t.Store(spec.Name).(*store.KeyValue[K, emitted[R]])}
		})
	default:
		n.Detail = "latest of each commit"
		ks := graph.KeySerde[K](n, t.h, &graph.Options{})
		n.New = held.maker(view, func(e emission[K, R], _ graph.Task) any { return newLatest(e, ks) })
	}
	h := t.h.At(n)
	view.Ahead = true
	h.View = view
	return TableOf[K, R](h)
}

// emission is what the nodes that hold back changes have in common.
type emission[K, R any] struct {
	node  *graph.Node
	every time.Duration
	rows  graph.Getter[K, R]
	// fading is rows if these go by themselves, else nil.
	fading graph.Fading[K, R]
	out    graph.Receiver[K, graph.Change[R]]
	task   graph.Task
	m      graph.Meta
}

// maker is Node.New; instance makes the node of what a task adds to e.
func (e emission[K, R]) maker(view graph.View[K, R], instance func(e emission[K, R], t graph.Task) any) func(graph.Task, []any) ([]any, error) {
	return func(t graph.Task, outs []any) (_ []any, err error) {
		e := e
		e.task, e.out = t, output[K, graph.Change[R]](outs)
		if e.rows, err = view.Open(t); err != nil {
			return nil, err
		}
		e.fading, _ = e.rows.(graph.Fading[K, R])
		return []any{instance(e, t)}, nil
	}
}

// schedule calls emit at the multiples of the interval, wherever the task
// starts: an interval longer than an application runs ends all the same. The
// time of the last call commits with what it has sent; one that was missed, or
// was part of a transaction that did not commit, is made up for at the start.
func (e *emission[K, R]) schedule(emit func() error) {
	ctx, last := e.task.Context(e.node), e.task.OperatorTime(e.node)
	every, now := e.every.Milliseconds(), ctx.Now()
	call := func(now int64) error { return e.call(now, emit) }
	ctx.ScheduleAt(processor.WallClock, time.UnixMilli((now/every+1)*every), e.every, call)
	if *last < 0 {
		*last = now // nothing is missed yet
	}
	if *last/every >= now/every {
		return
	}
	var done func()
	done = ctx.ScheduleAt(processor.WallClock, time.UnixMilli(now), e.every, func(now int64) error {
		err := call(now)
		if err == nil {
			done()
		}
		return err
	})
}

// call emits and notes that it was done by then.
func (e *emission[K, R]) call(nowMs int64, emit func() error) error {
	last := e.task.OperatorTime(e.node)
	*last = max(*last, nowMs)
	return emit()
}

// latest sends on the present row of a key, in the place of old, unless neither
// exists. timeMs is that of its last change.
func (e *emission[K, R]) latest(key K, old emitted[R], timeMs int64) error {
	get := e.rows.Get
	if e.fading != nil { // a row that has gone was not deleted
		get = e.fading.GetStill
	}
	row, _, has, err := get(key)
	if err != nil {
		return graph.At(e.node, err)
	}
	if !has && !old.has {
		return nil
	}
	e.m = graph.Meta{Time: timeMs, HasKey: true, HasValue: has}
	return e.out.Receive(key, graph.Change[R]{New: row, Old: old.row, HasNew: has, HasOld: old.has}, &e.m)
}
