package joins

import (
	"strconv"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
	"github.com/millrace-io/millrace/windowing"
)

// StreamPart is a stream with what its records set in results of R, which Streams
// makes of several streams. The zero value is of no use.
type StreamPart[K, R any] struct {
	of streamPart[K, R]
}

// One is a part of which each result has one record.
//
// set is called with the zero value of R, or what the parts before have made of
// it, and must keep no pointer to it. It takes the options Serdes, KeySerde and
// ValueSerde (of the part's repartition topic and of its store), and Unlogged and
// LogConfig (for its store).
func One[K, V, R any](s topology.Streamer[K, V], set func(result *R, value V), opts ...topology.Option) StreamPart[K, R] {
	h := streamHandle(s)
	if set == nil {
		h.Builder.Errorf(graph.Caller(), "the function of a part is nil")
	}
	const op = "part of a join"
	at := &graph.Node{Op: op, Line: graph.Caller()} // for errors
	o := graph.OptionsOf(h.Builder, op, opts, graph.OptKeySerde, graph.OptValueSerde, graph.OptUnlogged, graph.OptLogConfig)
	if o.KeySerde != nil {
		h.KeySerde = graph.KeySerde[K](at, h, o)
	}
	if o.ValueSerde != nil {
		h.ValueSerde = graph.ValueSerde[V](at, h, o)
	}
	return StreamPart[K, R]{&one[K, V, R]{h, set, o}}
}

// Streams joins any number of streams in one operator: there is a result for each
// choice of one record of every part that all have one key, and of which no two
// are farther apart than the window says.
//
//	trips := joins.Streams("trips", joins.Within(time.Hour).Grace(time.Minute),
//		joins.One(bookings, func(t *Trip, b Booking) { t.From, t.To = b.From, b.To }),
//		joins.One(rides, func(t *Trip, r Ride) { t.Driver = r.Driver }),
//		joins.One(payments, func(t *Trip, p Payment) { t.Paid += p.Amount }))
//
// A chain of joins would store what each of them makes, again, and can not say
// that the first and the last are near each other. A result begins as the zero
// value of R, and the parts set in it what they have, in their order. It comes
// with the last of its records, and has the latest of their times and, if that
// was of the first part, its headers. The window is Within(d) with one Grace.
// Null keys and values are dropped and counted, and so are records that are late,
// which Late has; all else is as with Inner. Each part has a store,
// <name>-1-join-store and so on, and if its keys may have changed a repartition
// topic, <name>-1 and so on. Options are those of the parts: see One.
//
// By example: internal/corpus/testdata/join-three.txt.
func Streams[K, R any](name string, w Window, first, second StreamPart[K, R], more ...StreamPart[K, R]) Many[K, R] {
	parts := []streamPart[K, R]{first.of, second.of}
	for _, p := range more {
		parts = append(parts, p.of)
	}
	in := parts[0].handle()
	b := in.Builder
	n := b.Operator("join-many-streams", in, &graph.Options{Name: name})
	n.In = nil
	n.CoPartition, n.StreamTime = true, true
	n.Out = []graph.Port{graph.NewPort[K, R](), graph.NewPort[K, windowing.Late[R]]()}
	n.Detail = "within " + w.before.String() + "; grace " + w.lateLeft.String()
	a := w.arithmetic()
	w.check(b, n)
	if name == "" {
		unnamed(b, n)
	}
	if a.from != -a.to || a.lateLeft != a.lateRight || a.to >= endless {
		b.Errorf(n.Line, "%s: the window of many streams is the same for all: joins.Within(d).Grace(d)", n.Op)
	}
	var keys any
	for _, p := range parts {
		if keys == nil {
			keys = p.handle().KeySerde
		}
	}
	ks := graph.SerdeFor[K](b, n, "key", nil, "", keys)
	for i, p := range parts {
		p.connect(b, n, i, ks, a.to+a.lateLeft)
	}
	n.New = func(t graph.Task, outs []any) ([]any, error) {
		m := &many[K, R]{
			node: n, ctx: t.Context(n), clock: graph.ClockOf(t, n), span: a.to, grace: a.lateLeft,
			out: outs[resultPort].(graph.Receiver[K, R]), lates: outs[latePort].(graph.Receiver[K, windowing.Late[R]]),
		}
		ins := make([]any, len(parts))
		for i, p := range parts {
			side := p.open(t, n, m, i)
			m.sides = append(m.sides, side)
			ins[i] = side
		}
		return ins, nil
	}
	h := in.NewValue(n, nil)
	h.KeySerde, h.Rekeyed = ks, false
	return Many[K, R]{topology.StreamOf[K, R](h), graph.LateHandle[R, windowing.Late[R]](h, n, latePort)}
}

// Many is the result of Streams. It can be used wherever a KStream can. The zero
// value is of no use.
type Many[K, R any] struct {
	topology.KStream[K, R]
	late graph.Handle
}

// latePort is that of what comes late for Streams.
const latePort = 1

// Late is the stream of the records of all parts that came too late to be joined,
// as Stream.LateLeft is for one side. Their values have many types, so each is a
// result that has it alone: what its part sets in the zero value of R. It takes
// the option Name.
func (m Many[K, R]) Late(opts ...topology.Option) topology.KStream[K, windowing.Late[R]] {
	return lateStream[K, R](m.late, opts)
}

// streamPart is one of the streams of a join, whatever the type of its values.
type streamPart[K, R any] interface {
	handle() graph.Handle
	// connect makes the part an input of n, and adds its store, in which records
	// are needed for a span of milliseconds.
	connect(b *graph.Builder, n *graph.Node, i int, ks serde.Serde[K], needed int64)
	open(t graph.Task, n *graph.Node, m *many[K, R], i int) manySide[K, R]
}

// one is a part with values of V.
type one[K, V, R any] struct {
	h       graph.Handle
	put     func(*R, V)
	options *graph.Options
}

func (p *one[K, V, R]) handle() graph.Handle { return p.h }

// store is the name of the store of the i-th part of n.
func (p *one[K, V, R]) store(n *graph.Node, i int) string {
	return n.Name + "-" + strconv.Itoa(i+1) + "-join-store"
}

func (p *one[K, V, R]) connect(b *graph.Builder, n *graph.Node, i int, ks serde.Serde[K], needed int64) {
	if p.h.Builder != b {
		b.Errorf(n.Line, "%s: the streams belong to different builders", n.Op)
		return
	}
	h := p.h
	if h.KeySerde == nil {
		h.KeySerde = ks
	}
	sameKeys(b, n, "stream 1", ks, "stream "+strconv.Itoa(i+1), h.KeySerde)
	h = together(topology.StreamOf[K, V](h), n.Name+"-"+strconv.Itoa(i+1), nil)
	n.In = append(n.In, h.Edge(i))
	vs := graph.SerdeFor[V](b, n, "value of stream "+strconv.Itoa(i+1), nil, "", h.ValueSerde)
	addRecords(b, n, p.store(n, i), ks, vs, needed, p.options)
}

func (p *one[K, V, R]) open(t graph.Task, n *graph.Node, m *many[K, R], i int) manySide[K, R] {
	s := &sideOfMany[K, V, R]{
		many: m, index: i, put: p.put, rows: t.Store(p.store(n, i)).(*store.Records[K, V]),
		dropped: newDropped(t, n), late: t.Counter(n, "late"),
	}
	s.visit = s.meet
	return s
}
