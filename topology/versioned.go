package topology

import (
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// VersionedStore is a store for Processors that knows what a key was at a time:
// attach it with the option With, and open it in the function that makes the
// Processor.
type VersionedStore[K, V any] struct {
	spec *graph.StoreSpec
}

func (s VersionedStore[K, V]) attach(o *graph.Options) { o.Stores = append(o.Stores, s.spec) }

// NewVersionedStore adds a versioned store that is backed by the changelog
// topic <application>-<name>-changelog, with the bytes and the configs that
// Kafka Streams gives it (KIP-889). It remembers all that was valid from its
// stream time minus history on, in whole milliseconds, at least one; see
// state.Versioned. It takes the options Serdes, KeySerde, ValueSerde, Unlogged
// and LogConfig.
//
// The history is brought back from the changelog for as long as that keeps old
// versions: its min.compaction.lag.ms is history plus a day, counted from their
// event times by the wall clock.
//
// By example: internal/corpus/testdata/versioned.txt.
func NewVersionedStore[K, V any](b *Builder, name string, history time.Duration, opts ...Option) VersionedStore[K, V] {
	all := append([]Option{Versioned(history)}, opts...)
	o := graph.OptionsOf(b.g, "versioned store", all, graph.OptVersioned, graph.OptKeySerde, graph.OptValueSerde, graph.OptUnlogged, graph.OptLogConfig)
	at := &graph.Node{Op: "versioned store", Line: graph.Caller()} // for errors
	h := graph.Handle{Builder: b.g}
	ks, vs := graph.KeySerde[K](at, h, o), graph.ValueSerde[V](at, h, o)
	return VersionedStore[K, V]{addVersionedStore(b.g, at, name, o, ks, vs)}
}

// Versioned makes the store of a table a versioned one, which remembers all
// that was valid from its stream time minus history on; see NewVersionedStore.
// A join finds what was valid at the time of the other side's record, and an
// update that comes late goes into the history instead of overwriting a newer
// row (KIP-914). Updates from before the history are dropped and counted as
// late. Defaults to a store that has the last update of a row only.
//
// By example: internal/corpus/testdata/table.txt.
func Versioned(history time.Duration) Option {
	return func(o *graph.Options) { o.Give(graph.OptVersioned); o.History = history }
}

// Open returns the store as the task of ctx sees it, with what the running
// transaction has written. Versions that are not stored since they are older
// than the history count as records dropped for the reason "late". Open panics
// as Store.Open does.
func (s VersionedStore[K, V]) Open(ctx processor.Context) state.Versioned[K, V] {
	view := taskStore(ctx, s.spec).(*store.Versioned[K, V])
	return &countedVersions[K, V]{view, ctx.(graph.StoreContext).Counter("late")}
}

// countedVersions counts what is not stored. A record that fails takes its
// counts back.
type countedVersions[K, V any] struct {
	*store.Versioned[K, V]
	late *uint64
}

func (s *countedVersions[K, V]) Put(key K, v V, timeMs int64) (stored bool, err error) {
	stored, err = s.Versioned.Put(key, v, timeMs)
	return counted(s.late, stored, err)
}

func (s *countedVersions[K, V]) Delete(key K, timeMs int64) (stored bool, err error) {
	stored, err = s.Versioned.Delete(key, timeMs)
	return counted(s.late, stored, err)
}

// addVersionedStore adds a versioned store used by node n, with the history of
// o: what addStore is to a key-value store. In Node.New, a table gets the view
// by
//
//	rows := t.Store(name).(*store.Versioned[K, V])
//
// and writes with rows.Update, whose result is what becomes of the row: nothing
// (count it as late, forward nothing), a change from Old, or only a change of
// the past (Newest is false). rows.Get and rows.GetAsOf look rows up.
func addVersionedStore[K, V any](b *graph.Builder, n *graph.Node, name string, o *graph.Options, ks serde.Serde[K], vs serde.Serde[V]) *graph.StoreSpec {
	spec, ks, vs := graph.SpecOf(b, n, name, state.Versions, o, ks, vs)
	spec.History = o.History
	spec.Detail += "; history " + o.History.String()
	spec.LogAs(map[string]string{"min.compaction.lag.ms": graph.LogTime(o.History)})
	spec.New = func(base state.Store) graph.TaskStore {
		return store.NewVersioned(base, ks, vs, store.Options{Name: name, History: o.History})
	}
	return b.AddStore(spec)
}
