package windowing

import (
	"math"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/topology"
)

// ByWallClock has Gaps and Debounce measure silence by the wall clock, from when
// a record was processed, and not by stream time: what is due comes although no
// records do, at most a tenth of the span late, and a minute. The time in which
// the application does not run counts as silence. What comes out then depends on
// when records were processed.
func ByWallClock() topology.Option {
	return func(o *graph.Options) {
		o.Give(graph.OptByWallClock)
		o.WallTime = true
	}
}

// quietNode adds the node of an operator that waits until keys are quiet.
// finishes says that what waits is sent on at the end of a bounded run.
func quietNode[K, V, O any](s topology.Streamer[K, V], op, name string, span time.Duration, opts []topology.Option, finishes bool, result func(k *kept[K, V], span, nowMs int64) (O, graph.Meta)) graph.Handle {
	b := streamHandle(s).Builder
	o := graph.OptionsOf(b, op, opts, graph.OptByWallClock, graph.OptKeySerde, graph.OptValueSerde, graph.OptUnlogged, graph.OptLogConfig)
	in := together(s, name, o)
	n := b.Operator(op, in, &graph.Options{Name: name})
	n.Detail = op + " " + span.String()
	if o.WallTime {
		n.Detail += " by the wall clock"
	}
	n.StreamTime = true
	n.Stores = []string{name}
	n.Out = []graph.Port{graph.NewPort[K, O]()}
	whole(b, n, "the span", span, time.Millisecond)
	ks, vs := graph.KeySerde[K](n, in, o), graph.ValueSerde[V](n, in, o)
	addBuffer(b, n, name, o, ks, keptSerde[K, V]{ks, vs})
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		return []any{&quiet[K, V, O]{
			node: n, span: span.Milliseconds(), byWall: o.WallTime, finishes: finishes, result: result,
			held:  t.Store(name).(*store.Buffer[K, kept[K, V]]),
			clock: graph.ClockOf(t, n), ctx: t.Context(n), out: outs[0].(graph.Receiver[K, O]),
			nullKey: t.Counter(n, "null_key"), late: t.Counter(n, "late"),
		}}, nil
	}
	h := in.At(n)
	h.KeySerde, h.ValueSerde = ks, vs
	return h
}

// quiet holds the last record of each key until there has been no other for a
// span. Each record moves what waits; that its place in the buffer's order need
// not follow at once makes that cheap.
type quiet[K, V, O any] struct {
	node             *graph.Node
	span             int64
	byWall, finishes bool
	result           func(k *kept[K, V], span, nowMs int64) (O, graph.Meta)
	held             *store.Buffer[K, kept[K, V]]
	clock            graph.Clock
	ctx              processor.Context
	out              graph.Receiver[K, O]
	now              int64 // while something is taken
	m                graph.Meta

	nullKey, late *uint64
}

// Start looks at the wall clock from time to time, if that counts, or at a
// watermark, which moves without records.
func (r *quiet[K, V, O]) Start() error {
	if r.byWall {
		every := time.Duration(min(max(r.span/10, 1), time.Minute.Milliseconds())) * time.Millisecond
		r.ctx.Schedule(processor.WallClock, every, r.take)
	} else {
		r.clock.Watch(r.ctx, r.take)
	}
	return nil
}

// Receive makes a record the last one of its key, unless one with a later event
// time is. By stream time, one that would be due itself has come too late to be
// news.
func (r *quiet[K, V, O]) Receive(key K, value V, m *graph.Meta) error {
	if !m.HasKey {
		*r.nullKey++
		return nil
	}
	now, at := r.clock.Observe(m), m.Time
	if r.byWall {
		at = r.ctx.Now()
	} else {
		if err := r.take(now); err != nil {
			return err
		}
		if m.Time <= now-r.span {
			*r.late++
			return nil
		}
	}
	record := keep(key, value, m)
	before, since, has, err := r.held.Get(key)
	if err != nil {
		return graph.At(r.node, err)
	}
	if has {
		at = max(at, since)
		if before.timeMs > m.Time {
			record = before
		}
	}
	return graph.At(r.node, r.held.Put(key, record, at, m.Time))
}

// take sends on what has been quiet for long enough.
func (r *quiet[K, V, O]) take(nowMs int64) error {
	r.now = nowMs
	return graph.At(r.node, r.held.Take(nowMs-r.span, r.emit))
}

func (r *quiet[K, V, O]) emit(key K, k kept[K, V], _ int64) (more bool, err error) {
	var v O
	v, r.m = r.result(&k, r.span, r.now)
	return true, r.out.Receive(key, v, &r.m)
}

// Finish sends on what waits, if it is to come at all: no more records follow.
func (r *quiet[K, V, O]) Finish(nowMs int64) error {
	if !r.finishes {
		return nil
	}
	r.now = nowMs
	return graph.At(r.node, r.held.Take(math.MaxInt64, r.emit))
}
