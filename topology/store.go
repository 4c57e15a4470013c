package topology

import (
	"fmt"
	"slices"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// Store is a key-value store for Processors: attach it with the option With,
// and open it in the function that makes the Processor. Processors that share
// a store run in one task.
type Store[K, V any] struct {
	spec *graph.StoreSpec
}

// Attachable is what the option With gives to a Processor: a Store, a
// GlobalKTable or a Child.
type Attachable interface {
	attach(*graph.Options)
}

func (s Store[K, V]) attach(o *graph.Options) { o.Stores = append(o.Stores, s.spec) }

// NewStore adds a store that is backed by the changelog topic
// <application>-<name>-changelog. It takes the options Serdes, KeySerde,
// ValueSerde, Unlogged, LogConfig and TTL.
//
// By example: internal/corpus/testdata/shared-store.txt.
func NewStore[K, V any](b *Builder, name string, opts ...Option) Store[K, V] {
	o := graph.OptionsOf(b.g, "store", opts, graph.OptKeySerde, graph.OptValueSerde, graph.OptUnlogged, graph.OptLogConfig, graph.OptTTL)
	at := &graph.Node{Op: "store", Line: graph.Caller()} // for errors
	h := graph.Handle{Builder: b.g}
	ks, vs := graph.KeySerde[K](at, h, o), graph.ValueSerde[V](at, h, o)
	return Store[K, V]{addStore(b.g, at, name, o, ks, vs)}
}

// With attaches stores, global tables and children to a Processor.
func With(attached ...Attachable) Option {
	return func(o *graph.Options) {
		o.Give(graph.OptStores)
		for _, a := range attached {
			a.attach(o)
		}
	}
}

// attached makes what the option With has attached known to n, whose first
// port is there already.
func attached(b *graph.Builder, n *graph.Node, o *graph.Options) {
	for _, s := range o.Stores {
		if !slices.Contains(n.Stores, s.Name) {
			n.Stores = append(n.Stores, s.Name)
		}
	}
	for _, g := range o.Globals {
		if !slices.Contains(n.Globals, g.Name) {
			n.Globals = append(n.Globals, g.Name)
		}
	}
	b.Attach(n, o.Children)
}

// Open returns the store as the task of ctx sees it, with what the running
// transaction has written. The store must be attached to the Processor that
// ctx was made for: Open panics otherwise, which is reported as an error of
// the task.
func (s Store[K, V]) Open(ctx processor.Context) state.KeyValue[K, V] {
	return taskStore(ctx, s.spec).(state.KeyValue[K, V])
}

// taskStore is the view that the task of ctx has of a store.
func taskStore(ctx processor.Context, spec *graph.StoreSpec) graph.TaskStore {
	c, ok := ctx.(graph.StoreContext)
	if !ok {
		panic(fmt.Errorf("store %s: %T is no context of a task", spec.Name, ctx))
	}
	view, err := c.TaskStore(spec.Name)
	if err != nil {
		panic(fmt.Errorf("%w: attach it with the option With", err))
	}
	return view
}

// addStore adds a key-value store used by node n.
func addStore[K, V any](b *graph.Builder, n *graph.Node, name string, o *graph.Options, ks serde.Serde[K], vs serde.Serde[V]) *graph.StoreSpec {
	spec, ks, vs := graph.SpecOf(b, n, name, state.Timestamped, o, ks, vs)
	if spec.TTL = o.TTL; o.TTL > 0 {
		spec.Detail += "; ttl " + o.TTL.String()
	}
	spec.New = func(base state.Store) graph.TaskStore {
		return store.NewKeyValue(base, ks, vs, store.Options{Name: name, Format: state.Timestamped, TTL: o.TTL})
	}
	return b.AddStore(spec)
}
