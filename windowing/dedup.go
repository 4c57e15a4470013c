package windowing

import (
	"fmt"
	"math"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// Deduplicated is a stream without duplicates. The zero value is of no use.
type Deduplicated[K, V any] struct {
	topology.KStream[K, V]
	late graph.Handle
}

// Deduplicate drops the records whose id has been seen in a record less than
// span before or after, by event time, and lets the first one pass at once:
//
//	once := windowing.Deduplicate(events, "seen", 24*time.Hour, func(_ string, e Event) string { return e.ID })
//
// An id is the key, something in the value, or a struct of several fields, as
// long as there is a serde for it. Duplicates of a record that was dropped are
// measured against the one that passed. Records with a null value have no id and
// pass; a null key is the zero value of K to id.
//
//	span 10  a@0 passes | a@9 dropped | a@10 passes | a@1 dropped: near both
//
// Equal ids have to be in one partition. With ids that are not the key that is so
// if they come from one producer, or behind topology.SelectKey: then the stream
// goes through a repartition topic first, which is named after the store.
//
// What comes later than span behind the stream time, which is the operator's own,
// cannot be told from a duplicate any more: it is dropped, counted as late and
// read with Late. Ids are in a window store of the given name with a changelog
// topic, for three spans, and go without being looked for; a record costs two
// look-ups, however many ids there are. It is Spark's dropDuplicatesWithinWatermark.
// It takes the options KeepLast, KeySerde (of ids), ValueSerde (of the
// repartition topic, and of what KeepLast holds), Unlogged and LogConfig.
//
// By example: internal/corpus/testdata/deduplicate.txt.
func Deduplicate[K, V, I any](s topology.Streamer[K, V], name string, span time.Duration, id func(key K, value V) I, opts ...topology.Option) Deduplicated[K, V] {
	in := streamHandle(s)
	b := in.Builder
	o := graph.OptionsOf(b, "deduplicate", opts, graph.OptKeepLast, graph.OptKeySerde, graph.OptValueSerde, graph.OptUnlogged, graph.OptLogConfig)
	in = together(s, name, o)
	n := b.Operator("deduplicate", in, &graph.Options{Name: name})
	b.Callback(n, id)
	n.Detail = "first of " + span.String()
	n.StreamTime = true
	n.Stores = []string{name}
	n.Out = []graph.Port{graph.NewPort[K, V](), graph.NewPort[K, Late[V]]()}
	if span < time.Millisecond || span%time.Millisecond != 0 || span > maxSpan {
		b.Errorf(n.Line, "deduplicate: the span is %s: give whole milliseconds, from 1ms to %s", span, maxSpan)
		span = time.Second
	}
	ids := graph.SerdeFor[I](b, n, "id", o.KeySerde, o.KeyType, in.KeySerde)
	made := deduplicate[K, V, I]{node: n, id: id, span: span.Milliseconds()}
	if o.KeepLast {
		n.Detail = "last of " + span.String()
		keepLast(n, in, name, made, ids, o)
	} else {
		addStore(site[I, seen]{n, b, ids, seenSerde{}}, name, Tumbling(span).Grace(2*span), o)
		n.New = func(t graph.Task, outs []any) ([]any, error) {
			r := &first[K, V, I]{deduplicate: made, seen: t.Store(name).(*store.Window[I, seen])}
			r.open(t, outs)
			return []any{r}, nil
		}
	}
	return Deduplicated[K, V]{topology.StreamOf[K, V](in.At(n)), lateHandle[V](in, n, in.KeySerde)}
}

// maxSpan is the longest span of which three can be added up.
const maxSpan = math.MaxInt64 / 4 / time.Hour * time.Hour

// KeepLast has Deduplicate hold back the records of an id for the span that the
// first of them begins, and then let the last of them pass: that with the highest
// event time, and of equal ones the last to come. Defaults to the first, at once.
func KeepLast() topology.Option {
	return func(o *graph.Options) {
		o.Give(graph.OptKeepLast)
		o.KeepLast = true
	}
}

// Late is the stream of the records that were dropped because they came too late
// to tell whether they are duplicates: as that of a Table, with the span that the
// record would begin as its window.
func (s Deduplicated[K, V]) Late(opts ...topology.Option) topology.KStream[K, Late[V]] {
	return Table[K, V, V]{late: s.late}.Late(opts...)
}

// streamHandle is the handle of a stream.
func streamHandle[K, V any](s topology.Streamer[K, V]) graph.Handle {
	return s.(interface{ Graph() graph.Handle }).Graph()
}

// together is a stream in which equal keys are in one partition: behind a
// repartition topic, if keys may have changed.
func together[K, V any](s topology.Streamer[K, V], name string, o *graph.Options) graph.Handle {
	in := streamHandle(s)
	if !in.Rekeyed {
		return in
	}
	var opts []topology.Option
	if vs, ok := o.ValueSerde.(serde.Serde[V]); ok {
		opts = append(opts, topology.ValueSerde(vs))
	}
	return topology.Repartition(s, name, opts...).Graph()
}

// deduplicate is what both kinds have in common.
type deduplicate[K, V, I any] struct {
	node  *graph.Node
	id    func(K, V) I
	span  int64
	ctx   processor.Context
	clock graph.Clock
	out   graph.Receiver[K, V]
	lates lates[K, V]

	duplicate *uint64
}

func (r *deduplicate[K, V, I]) open(t graph.Task, outs []any) {
	r.ctx, r.clock, r.out = t.Context(r.node), graph.ClockOf(t, r.node), outs[0].(graph.Receiver[K, V])
	r.lates = lates[K, V]{ctx: r.ctx, late: t.Counter(r.node, "late"), out: outs[latePort].(graph.Receiver[K, Late[V]])}
	r.duplicate = t.Counter(r.node, "duplicate")
}

// first lets the first record of an id pass. The times of those that passed are
// in windows of the length of the span: there is at most one in each, and a
// duplicate is near one in the window of its own time or in one beside.
//
//	|---r------|---:--t---|----------|
//	 r passed       t is near r if it is before r + span
type first[K, V, I any] struct {
	deduplicate[K, V, I]
	seen *store.Window[I, seen]
}

// seen is that an id was seen; the time of the row is the record's.
type seen struct{}

type seenSerde struct{}

func (seenSerde) Append(dst []byte, _ seen) ([]byte, error) { return dst, nil }
func (seenSerde) Decode(b []byte) (seen, error) {
	if len(b) > 0 {
		return seen{}, fmt.Errorf("%d bytes, where there should be none", len(b))
	}
	return seen{}, nil
}
func (seenSerde) SerdeName() string { return "nothing" }

func (r *first[K, V, I]) Receive(key K, value V, m *graph.Meta) error {
	now := r.clock.Observe(m)
	if !m.HasValue {
		return r.out.Receive(key, value, m)
	}
	if m.Time <= now-r.span {
		return r.lates.missed(key, value, m, r.span, now)
	}
	id := r.id(key, value)
	newest, err := r.seen.Newest()
	if err != nil {
		return graph.At(r.node, err)
	}
	start := m.Time / r.span * r.span
	for _, at := range [...]int64{start, start - r.span, start + r.span} {
		if at > newest {
			continue // nothing was ever there
		}
		_, passed, has, err := r.seen.GetWithTime(id, at)
		if err != nil {
			return graph.At(r.node, err)
		}
		if has && max(passed-m.Time, m.Time-passed) < r.span {
			*r.duplicate++
			return nil
		}
	}
	stored, err := r.seen.PutWithTime(id, seen{}, start, m.Time)
	if err != nil {
		return graph.At(r.node, err)
	}
	if !stored { // the store knows better: the stream time was lost, with the offsets
		return r.lates.missed(key, value, m, r.span, now)
	}
	return r.out.Receive(key, value, m)
}

// lates is where records go that are too late.
type lates[K, V any] struct {
	ctx  interface{ Now() int64 }
	late *uint64
	out  graph.Receiver[K, Late[V]]
}

// missed counts a record that is behind the stream time by a span or more, and
// sends it on as such.
func (l *lates[K, V]) missed(key K, value V, m *graph.Meta, span, streamTime int64) error {
	*l.late++
	end := m.Time + min(span, math.MaxInt64-m.Time)
	return l.out.Receive(key, Late[V]{
		Value: value, By: time.Duration(max(0, streamTime-end)) * time.Millisecond,
		Start: m.Time, End: end, StreamTime: streamTime, WallTime: l.ctx.Now(),
	}, m)
}
