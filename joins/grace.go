package joins

import (
	"math"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// Grace has the records of a stream wait for rows of a versioned table that come
// late: until the join's stream time has passed them by d, in whole milliseconds.
// Then each sees the row as of its own time, in the order of time and then of the
// encoded keys; records of equal key and time stay in the order in which they
// came. A record that is that late itself does not wait.
//
//	stream time  100          105     110
//	stream       k@100 waits          k@110: k@100 is joined
//	table               k@98: found by it
//
// The stream time is that of the stream's records alone, so what waits stays
// while none come; with windowing.CloseIdle(d) it goes on with the wall clock once
// there have been none for so long, and the end of a bounded run,
// App.RunUntilCaughtUp, waits for nothing. What waits is in a store, called
// <name>-Buffer, with a changelog topic: it outlives restarts and crashes. The
// join needs the option Name, and the table a history that reaches back as far as
// d. It is gracePeriod of Kafka Streams' Joined. Defaults to no wait.
//
// By example: internal/corpus/testdata/join-grace.txt.
func Grace(d time.Duration) topology.Option {
	return func(o *graph.Options) {
		o.Give(graph.OptGrace)
		o.Grace = d
	}
}

// graceNeeds are the options that make no sense without Grace.
var graceNeeds = []graph.Option{graph.OptCloseIdle, graph.OptUnlogged, graph.OptLogConfig}

// checkGrace notes what is wrong with the options of join n, and says whether its
// records wait.
func checkGrace(b *graph.Builder, n *graph.Node, o *graph.Options, versioned bool, history time.Duration) bool {
	if !o.Given(graph.OptGrace) {
		for _, k := range graceNeeds {
			if o.Given(k) {
				b.Errorf(n.Line, "%s: the option %s is for what waits: give it Grace too, or leave it out", n.Op, k)
			}
		}
		return false
	}
	switch {
	case o.Grace < time.Millisecond || o.Grace%time.Millisecond != 0:
		b.Errorf(n.Line, "%s: the grace is %s: give whole milliseconds, 1ms or more", n.Op, o.Grace)
	case o.Name == "":
		b.Errorf(n.Line, "%s: Grace keeps records in a store, which is named after the join: give it the option Name", n.Op)
	case !versioned:
		b.Errorf(n.Line, "%s: Grace needs a table that knows what its rows were: give the table the option Versioned(%s), or more", n.Op, o.Grace)
	case history < o.Grace:
		b.Errorf(n.Line, "%s: the table forgets what was %s ago and records wait for %s: give the table the option Versioned(%[3]s), or more", n.Op, history, o.Grace)
	default:
		return true
	}
	return false
}

// addGrace adds the buffer of join n, in which records of K and L wait.
func addGrace[K, L any](b *graph.Builder, n *graph.Node, o *graph.Options, ks serde.Serde[K], vs serde.Serde[L]) string {
	name := n.Name + "-Buffer"
	spec, ks, vs := storeSpec(b, n, name, state.Buffers, o, ks, vs)
	spec.Serdes = graph.TopicSerdes{}
	spec.New = func(base state.Store) graph.TaskStore {
		return store.NewBuffer(base, serde.Serde[turn[K]](turnSerde[K]{ks}), serde.Serde[waiter[L]](waiterSerde[L]{vs}), store.Options{Name: name})
	}
	b.AddStore(spec)
	n.StreamTime = true
	n.Detail = "grace " + o.Grace.String()
	return name
}

// patient joins records of a stream when their grace has passed.
type patient[K, L, R, V any] struct {
	*streamTable[K, L, R, V]
	grace int64
	held  *store.Buffer[turn[K], waiter[L]]
	clock graph.Clock
	idle  graph.Idle
	ctx   processor.Context
	m     graph.Meta
}

func newPatient[K, L, R, V any](t graph.Task, joins *streamTable[K, L, R, V], name string, o *graph.Options) *patient[K, L, R, V] {
	r := &patient[K, L, R, V]{
		streamTable: joins, grace: o.Grace.Milliseconds(), held: t.Store(name).(*store.Buffer[turn[K], waiter[L]]),
		clock: graph.ClockOf(t, joins.node), ctx: t.Context(joins.node),
	}
	r.idle = graph.IdleOf(t, joins.node, r.clock, o.Emission.Idle)
	return r
}

// Start looks at what moves the stream time beside records. While the stream is
// idle the clock stays where it is: what comes for an earlier time waits in its
// turn.
func (r *patient[K, L, R, V]) Start() error {
	r.clock.Watch(r.ctx, r.release)
	r.idle.Start(r.release)
	return nil
}

// Receive has records wait, save those that are late. One with a null key finds
// no row later either. Null values move the stream time, as in Kafka Streams.
func (r *patient[K, L, R, V]) Receive(key K, value L, m *graph.Meta) error {
	now := r.clock.Observe(m)
	r.idle.Record()
	if !r.admits(m) {
		return nil
	}
	var err error
	if !m.HasKey || m.Time < now-r.grace {
		err = r.join(key, value, m)
	} else {
		err = r.keep(key, value, m)
	}
	if err != nil {
		return err
	}
	return r.release(now)
}

// keep has a record wait behind those of its key and time.
func (r *patient[K, L, R, V]) keep(key K, value L, m *graph.Meta) error {
	t, err := r.turn(key, m.Time)
	if err == nil {
		err = r.held.Put(t, waiter[L]{value, m.Headers}, m.Time, m.Time)
	}
	return graph.At(r.node, err)
}

// turn is the first one that is free. Those of a key and a time have no gaps,
// since they all go at once: a few look-ups find it, however many wait.
func (r *patient[K, L, R, V]) turn(key K, timeMs int64) (turn[K], error) {
	t := turn[K]{key: key, timeMs: timeMs}
	last, step := int32(-1), int32(1) // last is taken
	for grows := true; step > 0; {
		t.n = last + step
		_, _, taken, err := r.held.Get(t)
		if err != nil {
			return t, err
		}
		grows = grows && taken
		switch {
		case grows:
			last, step = t.n, 2*step
			continue
		case taken:
			last = t.n
		}
		step /= 2
	}
	t.n = last + 1
	return t, nil
}

// release joins the records that a stream time has passed by the grace.
func (r *patient[K, L, R, V]) release(streamTime int64) error {
	return graph.At(r.node, r.held.Take(streamTime-r.grace, r.emit))
}

func (r *patient[K, L, R, V]) emit(t turn[K], w waiter[L], _ int64) (more bool, err error) {
	r.m = graph.Meta{Time: t.timeMs, Headers: w.headers, HasKey: true, HasValue: true}
	return true, r.join(t.key, w.value, &r.m)
}

// Finish joins what waits: no more rows will come for it.
func (r *patient[K, L, R, V]) Finish(int64) error {
	return graph.At(r.node, r.held.Take(math.MaxInt64, r.emit))
}
