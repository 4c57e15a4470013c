package windowing

import (
	"fmt"
	"math"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// Suppress holds back updates of a table, a KTable or a Table, so that there are
// fewer, or only final ones:
//
//	final := windowing.Suppress(perMinute, "final", windowing.UntilClose())
//	fewer := windowing.Suppress(totals, "fewer", windowing.UntilLimit(time.Minute).MaxRecords(100_000))
//
// The result is a table again, whose rows are those that were let pass last. The
// rows pass in the order of the times that they wait for, those of one time in
// the order of their encoded keys. Stream time is the operator's own: the highest
// time of all rows that came, whatever their keys. While none come, nothing
// passes; the end of a bounded run, App.RunUntilCaughtUp, lets pass what waits
// for a limit, but no window that is open.
//
// What is held back is in a store of the given name, with a changelog topic: it
// outlives crashes and goes to disk instead of growing in memory. A table of
// windows that emits OnClose does the same without that store. Suppress takes the
// options Serdes, KeySerde, ValueSerde, Unlogged and LogConfig.
//
// These are the semantics and bytes of Kafka Streams' suppress. Like there,
// sliding and session windows close 1 ms before they take their last record. What
// Kafka Streams holds back under the name "x" is in a store called "x-store".
//
// By example: internal/corpus/testdata/suppress.txt.
func Suppress[K, R any](t table[K, R], name string, until Until, opts ...topology.Option) topology.KTable[K, R] {
	in := t.Graph()
	b := in.Builder
	o := graph.OptionsOf(b, "suppress", opts, graph.OptKeySerde, graph.OptValueSerde, graph.OptUnlogged, graph.OptLogConfig)
	n := b.Operator("suppress", in, &graph.Options{Name: name})
	until.check(b, n)
	n.Detail = until.String()
	n.StreamTime = true
	n.Out = []graph.Port{graph.NewPort[K, graph.Change[R]]()}
	view := graph.ViewOf[K, R](in)
	if view.Versioned {
		b.Errorf(n.Line, "suppress: the table is versioned: its history has changes that no row waits for; suppress what is made of it")
	}
	n.Stores = append([]string{name}, view.Stores...)

	made := suppress[K, R]{node: n, Until: until, wait: until.limit.Milliseconds(), place: func(_ K, m *graph.Meta) int64 { return m.Time }}
	if until.close {
		c := findClosing[K](b, n)
		made.wait, made.place = c.after, func(key K, _ *graph.Meta) int64 { return c.end(key) }
	}
	ks, vs := graph.KeySerde[K](n, in, o), graph.ValueSerde[R](n, in, o)
	addBuffer(b, n, name, o, ks, heldSerde[R]{vs})
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		r := made
		r.buffer = t.Store(name).(*store.Buffer[K, held[R]])
		r.out = outs[0].(graph.Receiver[K, graph.Change[R]])
		r.clock, r.ctx = graph.ClockOf(t, n), t.Context(n)
		return []any{&r}, nil
	}
	h := in.At(n)
	h.KeySerde, h.ValueSerde, h.View = ks, vs, suppressedView(view, name)
	return topology.TableOf[K, R](h)
}

// table is a KTable or a Table.
type table[K, R any] interface {
	Graph() graph.Handle
	ToStream(opts ...topology.Option) topology.KStream[K, R]
}

// suppress holds back the updates of a table.
type suppress[K, R any] struct {
	node *graph.Node
	Until
	wait   int64 // how long after its time a row passes, in milliseconds
	place  func(key K, m *graph.Meta) int64
	buffer *store.Buffer[K, held[R]]
	clock  graph.Clock
	ctx    processor.Context
	out    graph.Receiver[K, graph.Change[R]]
	m      graph.Meta
}

// Start has rows pass when a watermark moves, not only with the next update.
func (r *suppress[K, R]) Start() error {
	r.clock.Watch(r.ctx, func(now int64) error { return graph.At(r.node, r.buffer.Take(now-r.wait, r.emit)) })
	return nil
}

// Receive takes a row's update in the place of the one that is held back, which
// keeps its turn, and lets pass what is due by then. A stale update is none of
// the row's.
func (r *suppress[K, R]) Receive(key K, c graph.Change[R], m *graph.Meta) error {
	now := r.clock.Observe(m)
	if !c.Stale {
		if err := r.hold(key, c, m); err != nil {
			return graph.At(r.node, err)
		}
	}
	if err := r.buffer.Take(now-r.wait, r.emit); err != nil {
		return graph.At(r.node, err)
	}
	return r.bound()
}

// hold puts a row into the buffer.
func (r *suppress[K, R]) hold(key K, c graph.Change[R], m *graph.Meta) error {
	h, at, has, err := r.buffer.Get(key)
	if err != nil {
		return err
	}
	if !has {
		at = r.place(key, m)
		h.prior, h.hasPrior = c.Old, c.HasOld
	}
	h.row, h.has, h.timeMs = c.New, c.HasNew, m.Time
	return r.buffer.Put(key, h, at, m.Time)
}

// bound sees to it that no more is held back than may be.
func (r *suppress[K, R]) bound() error {
	full, err := r.full()
	if err != nil || !full {
		return graph.At(r.node, err)
	}
	if r.fail {
		records, bytes, _ := r.buffer.Held() // as full has seen them
		return graph.At(r.node, fmt.Errorf("%d rows of %d bytes are to be held back, which is more than allowed (%s): raise the bound, or use UntilLimit, which may let rows pass early",
			records, bytes, r.Until))
	}
	return graph.At(r.node, r.buffer.Take(math.MaxInt64, func(key K, h held[R], at int64) (bool, error) {
		if _, err := r.emit(key, h, at); err != nil {
			return false, err
		}
		return r.full()
	}))
}

// full says whether more is held back than may be.
func (r *suppress[K, R]) full() (bool, error) {
	if !r.bounded {
		return false, nil
	}
	records, bytes, err := r.buffer.Held()
	return r.records > 0 && records > r.records || r.bytes > 0 && bytes > r.bytes, err
}

// emit sends a row on, in the place of the one that went last. That a window has
// no row is no news.
func (r *suppress[K, R]) emit(key K, h held[R], _ int64) (more bool, err error) {
	if r.close && !h.has {
		return true, nil
	}
	r.m = graph.Meta{Time: h.timeMs, HasKey: true, HasValue: h.has}
	return true, r.out.Receive(key, graph.Change[R]{New: h.row, Old: h.prior, HasNew: h.has, HasOld: h.hasPrior}, &r.m)
}

// Finish lets pass what waits for a limit: no more records will bring the stream
// time there.
func (r *suppress[K, R]) Finish(int64) error {
	if r.close {
		return nil
	}
	return graph.At(r.node, r.buffer.Take(math.MaxInt64, r.emit))
}

// suppressedView is the View of the rows that were let pass: while one is held
// back its predecessor, else that of the table before.
func suppressedView[K, R any](before graph.View[K, R], name string) graph.View[K, R] {
	if before.Open == nil {
		return before
	}
	return graph.View[K, R]{Stores: append([]string{name}, before.Stores...), Ahead: before.Ahead, Open: func(t graph.Task) (graph.Getter[K, R], error) {
		rows, err := before.Open(t)
		if err != nil {
			return nil, err
		}
		buffer, err := graph.StoreOf[*store.Buffer[K, held[R]]](t, name)
		return suppressedRows[K, R]{buffer, rows}, err
	}}
}

type suppressedRows[K, R any] struct {
	buffer *store.Buffer[K, held[R]]
	rows   graph.Getter[K, R]
}

// Get returns the time -1 for the predecessor of a row that is held back, as
// Kafka Streams does: only the newest one is known.
func (r suppressedRows[K, R]) Get(key K) (row R, timeMs int64, ok bool, err error) {
	h, _, has, err := r.buffer.Get(key)
	switch {
	case err != nil:
		return row, 0, false, err
	case has:
		return h.prior, -1, h.hasPrior, nil
	}
	return r.rows.Get(key)
}
