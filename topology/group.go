package topology

import "github.com/millrace-io/millrace/internal/graph"

// KGroupedStream is a stream whose records are grouped by their keys, to be
// aggregated. The zero value is of no use.
type KGroupedStream[K, V any] struct {
	g *grouping[K, V]
}

// Grouped is what aggregations work on: a KGroupedStream.
type Grouped[K, V any] interface {
	grouped() *grouping[K, V]
}

// GroupBy groups a stream by the key that fn returns. A record with a null
// value gets a null key without a call, and is dropped. It takes the options
// Name, Partitions, Serdes, KeySerde and ValueSerde; the last four are for the
// repartition topic that stands before an aggregation. That topic is named
// after the aggregation's store, or by Name: then all aggregations of the
// group share it.
func GroupBy[K, V, KO any](s Streamer[K, V], fn func(key K, value V) KO, opts ...Option) KGroupedStream[KO, V] {
	in := s.stream().h
	o := groupOptions(in.Builder, "group-by", opts)
	n := in.Builder.Operator("group-by", in, o)
	in.Builder.Callback(n, fn)
	n.Out = []graph.Port{graph.NewPort[KO, V]()}
	n.New = newSelectKey(n, withError2(fn))
	return newGrouping[KO, V](in.NewKey(n), "group-by", o)
}

// GroupByKey groups a stream by its keys. It takes the options of GroupBy.
func GroupByKey[K, V any](s Streamer[K, V], opts ...Option) KGroupedStream[K, V] {
	in := s.stream().h
	o := groupOptions(in.Builder, "group-by-key", opts)
	if o.Given(graph.OptPartitions) && !in.Rekeyed {
		in.Builder.Errorf(graph.Caller(), "group-by-key: Partitions is for a repartition topic, and the keys have not changed: use Repartition")
	}
	return newGrouping[K, V](in, "group-by-key", o)
}

func groupOptions(b *graph.Builder, op string, opts []Option) *graph.Options {
	return options(b, op, opts, graph.OptName, graph.OptPartitions, graph.OptKeySerde, graph.OptValueSerde)
}

// newGrouping checks the serdes given to op now: they may never be used.
func newGrouping[K, V any](in graph.Handle, op string, o *graph.Options) KGroupedStream[K, V] {
	at := &graph.Node{Op: op, Line: graph.Caller()}
	if o.KeySerde != nil && graph.KeySerde[K](at, in, o) == nil {
		o.KeySerde = nil
	}
	if o.ValueSerde != nil && graph.ValueSerde[V](at, in, o) == nil {
		o.ValueSerde = nil
	}
	return KGroupedStream[K, V]{&grouping[K, V]{in: in, options: o}}
}

func (s KGroupedStream[K, V]) grouped() *grouping[K, V] { return s.g }

// Graph is for the packages that add operators; its result is of no use
// outside the module.
func (s KGroupedStream[K, V]) Graph() graph.Grouped {
	return graph.Grouped{Handle: s.g.in, Input: s.g.input}
}

// grouping is what Grouped stands for.
type grouping[K, V any] struct {
	in      graph.Handle
	options *graph.Options // of GroupBy or GroupByKey
	shared  *graph.Handle  // behind the repartition topic of a named group
}

// input is where an aggregation into the store of the given name gets its
// records. own are the aggregation's options: its key serde is also that of
// the repartition topic if nothing else is known.
func (g *grouping[K, V]) input(name string, own *graph.Options) graph.Handle {
	o := *g.options
	if o.KeySerde == nil && g.in.KeySerde == nil {
		o.KeySerde, o.KeyType = own.KeySerde, own.KeyType
	}
	if !g.in.Rekeyed {
		h := g.in
		if o.KeySerde != nil {
			h.KeySerde = o.KeySerde
		}
		if o.ValueSerde != nil {
			h.ValueSerde = o.ValueSerde
		}
		return h
	}
	if o.Name == "" {
		return repartition[K, V](g.in, name, &o)
	}
	if g.shared == nil {
		h := repartition[K, V](g.in, o.Name, &o)
		g.shared = &h
	}
	return *g.shared
}
