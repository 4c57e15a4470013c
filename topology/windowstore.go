package topology

import (
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// WindowStore is a store for Processors with a value for each key and window of
// time: attach it with the option With, and open it in the function that makes
// the Processor. (Package windowing has the aggregations in windows.)
type WindowStore[K, V any] struct {
	spec *graph.StoreSpec
}

func (s WindowStore[K, V]) attach(o *graph.Options) { o.Stores = append(o.Stores, s.spec) }

// NewWindowStore adds a store of windows of a size, in whole milliseconds, that
// is backed by the changelog topic <application>-<name>-changelog, with the
// bytes and the configs that Kafka Streams gives it. A window lives until the
// store's stream time, the latest start of all windows put, has come to its start
// plus the retention, and in the changelog a day longer by the wall clock; see
// state.Window. It takes the options Serdes, KeySerde, ValueSerde, Unlogged and
// LogConfig.
//
// By example: internal/corpus/testdata/window-store.txt.
func NewWindowStore[K, V any](b *Builder, name string, size, retention time.Duration, opts ...Option) WindowStore[K, V] {
	spec, ks, vs := newTimedSpec[K, V](b, "window store", name, state.Windows, retention, opts)
	wholeMs(b.g, spec.Line, "window store: the size of a window", size)
	spec.Detail += "; size " + size.String() + "; retention " + retention.String()
	spec.Serdes.Key = store.LoggedWindows(state.WindowedSerde(ks, size))
	end := func(startMs int64) int64 { return state.WindowOf(struct{}{}, startMs, size).End }
	spec.New = func(base state.Store) graph.TaskStore {
		return store.NewWindow(base, ks, vs, store.Options{Name: name, End: end, Retention: retention})
	}
	return WindowStore[K, V]{b.g.AddStore(spec)}
}

// Open returns the store as the task of ctx sees it, with what the running
// transaction has written. What is not stored since its window is gone counts as
// a record dropped for the reason "late". Open panics as Store.Open does.
func (s WindowStore[K, V]) Open(ctx processor.Context) state.Window[K, V] {
	view := taskStore(ctx, s.spec).(*store.Window[K, V])
	return &countedWindows[K, V]{view, ctx.(graph.StoreContext).Counter("late")}
}

// countedWindows counts what is not stored. A record that fails takes its counts
// back.
type countedWindows[K, V any] struct {
	*store.Window[K, V]
	late *uint64
}

func (s *countedWindows[K, V]) Put(key K, v V, startMs int64) (stored bool, err error) {
	stored, err = s.Window.Put(key, v, startMs)
	return counted(s.late, stored, err)
}

func (s *countedWindows[K, V]) PutWithTime(key K, v V, startMs, timeMs int64) (stored bool, err error) {
	stored, err = s.Window.PutWithTime(key, v, startMs, timeMs)
	return counted(s.late, stored, err)
}

func counted(late *uint64, stored bool, err error) (bool, error) {
	if err == nil && !stored {
		*late++
	}
	return stored, err
}

// SessionStore is a store for Processors with a value for each key and session:
// attach it with the option With, and open it in the function that makes the
// Processor. (Package windowing has the aggregations in sessions.)
type SessionStore[K, V any] struct {
	spec *graph.StoreSpec
}

func (s SessionStore[K, V]) attach(o *graph.Options) { o.Stores = append(o.Stores, s.spec) }

// NewSessionStore adds a store of sessions that is backed by the changelog topic
// <application>-<name>-changelog, with the bytes and the configs that Kafka
// Streams gives it. A session lives until the store's stream time, the latest
// end of all sessions put, has come to its end plus the retention, in whole
// milliseconds, and in the changelog a day longer by the wall clock; see
// state.Session. It takes the options Serdes, KeySerde, ValueSerde, Unlogged and
// LogConfig.
//
// By example: internal/corpus/testdata/session-store.txt.
func NewSessionStore[K, V any](b *Builder, name string, retention time.Duration, opts ...Option) SessionStore[K, V] {
	spec, ks, vs := newTimedSpec[K, V](b, "session store", name, state.Sessions.ByTime(), retention, opts) // by time for Between
	spec.Detail += "; retention " + retention.String()
	spec.Serdes.Key = state.SessionSerde(ks)
	spec.New = func(base state.Store) graph.TaskStore {
		return store.NewSession(base, ks, vs, store.Options{Name: name, Format: spec.Format, Retention: retention})
	}
	return SessionStore[K, V]{b.g.AddStore(spec)}
}

// Open returns the store as the task of ctx sees it, with what the running
// transaction has written. What is not stored since the session is gone counts
// as a record dropped for the reason "late". Open panics as Store.Open does.
func (s SessionStore[K, V]) Open(ctx processor.Context) state.Session[K, V] {
	view := taskStore(ctx, s.spec).(*store.Session[K, V])
	return &countedSessions[K, V]{view, ctx.(graph.StoreContext).Counter("late")}
}

// countedSessions is countedWindows for sessions.
type countedSessions[K, V any] struct {
	*store.Session[K, V]
	late *uint64
}

func (s *countedSessions[K, V]) Put(key K, v V, startMs, endMs int64) (stored bool, err error) {
	stored, err = s.Session.Put(key, v, startMs, endMs)
	return counted(s.late, stored, err)
}

// newTimedSpec is what stores of windows and sessions have in common.
func newTimedSpec[K, V any](b *Builder, op, name string, f state.Format, retention time.Duration, opts []Option) (*graph.StoreSpec, serde.Serde[K], serde.Serde[V]) {
	o := graph.OptionsOf(b.g, op, opts, graph.OptKeySerde, graph.OptValueSerde, graph.OptUnlogged, graph.OptLogConfig)
	at := &graph.Node{Op: op, Line: graph.Caller()} // for errors
	h := graph.Handle{Builder: b.g}
	ks, vs := graph.KeySerde[K](at, h, o), graph.ValueSerde[V](at, h, o)
	spec, ks, vs := graph.SpecOf(b.g, at, name, f, o, ks, vs)
	wholeMs(b.g, at.Line, op+": the retention", retention)
	spec.Key, spec.Types = graph.TypeName[state.Windowed[K]](), graph.TypesOf[state.Windowed[K], V]()
	spec.Retention = retention
	spec.LogAs(graph.WindowLog(retention))
	return spec, ks, vs
}

// wholeMs notes an error if a span of time is none of whole milliseconds.
func wholeMs(b *graph.Builder, line, what string, d time.Duration) {
	if d < time.Millisecond || d%time.Millisecond != 0 {
		b.Errorf(line, "%s is %s: give whole milliseconds, 1ms or more", what, d)
	}
}
