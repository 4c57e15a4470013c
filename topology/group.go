package topology

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// KGroupedStream is a stream whose records are grouped by their keys, to be
// aggregated. The zero value is of no use.
type KGroupedStream[K, V any] struct {
	g *grouping[K, V]
}

// Grouped is what aggregations work on: a KGroupedStream or a KGroupedTable.
type Grouped[K, V any] interface {
	grouped() *grouping[K, V]
}

// GroupBy groups a stream by the key that fn returns. A record with a null
// value gets a null key without a call, and is dropped. A function that can
// fail is for SelectKeyErr, with GroupByKey behind it. It takes the options
// Name, Partitions, Serdes, KeySerde and ValueSerde, and WatermarkLag,
// WatermarkAscending, WatermarkOf and WatermarkIdle; all but the first are for
// the repartition topic that stands before an aggregation. That topic is named
// after the aggregation's store, or by Name: then all aggregations of the
// group share it.
//
// By example: internal/corpus/testdata/word-count.txt.
func GroupBy[K, V, KO any](s Streamer[K, V], fn func(key K, value V) KO, opts ...Option) KGroupedStream[KO, V] {
	in := s.stream().h
	o := groupOptions(in.Builder, "group-by", opts, graph.OptWatermark, graph.OptIdle)
	n := in.Builder.Operator("group-by", in, o)
	in.Builder.Callback(n, fn)
	n.Out = []graph.Port{graph.NewPort[KO, V]()}
	n.New = newSelectKey(n, withError2(fn))
	return KGroupedStream[KO, V]{newGrouping[KO, V](in.NewKey(n), "group-by", o)}
}

// GroupByKey groups a stream by its keys. It takes the options of GroupBy.
//
// By example: internal/corpus/testdata/count.txt.
func GroupByKey[K, V any](s Streamer[K, V], opts ...Option) KGroupedStream[K, V] {
	in := s.stream().h
	o := groupOptions(in.Builder, "group-by-key", opts, graph.OptWatermark, graph.OptIdle)
	for _, k := range []graph.Option{graph.OptPartitions, graph.OptWatermark, graph.OptIdle} {
		if o.Given(k) && !in.Rekeyed {
			in.Builder.Errorf(graph.Caller(), "group-by-key: %s is for a repartition topic, and the keys have not changed: use Repartition", k)
		}
	}
	return KGroupedStream[K, V]{newGrouping[K, V](in, "group-by-key", o)}
}

func groupOptions(b *graph.Builder, op string, opts []Option, more ...graph.Option) *graph.Options {
	return graph.OptionsOf(b, op, opts, append(more, graph.OptName, graph.OptPartitions, graph.OptKeySerde, graph.OptValueSerde)...)
}

// newGrouping checks the serdes given to op now: they may never be used.
func newGrouping[K, V any](in graph.Handle, op string, o *graph.Options) *grouping[K, V] {
	at := &graph.Node{Op: op, Line: graph.Caller()}
	if o.KeySerde != nil && graph.KeySerde[K](at, in, o) == nil {
		o.KeySerde = nil
	}
	if o.ValueSerde != nil && graph.ValueSerde[V](at, in, o) == nil {
		o.ValueSerde = nil
	}
	return &grouping[K, V]{in: in, options: o}
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
	options *graph.Options // of GroupBy, GroupByKey or GroupTable
	shared  *graph.Handle  // behind the repartition topic of a named group
	// table says that records are changes of rows of V.
	table bool
	// ks and vs are the serdes of the last repartition topic.
	ks serde.Serde[K]
	vs serde.Serde[V]
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
		return g.repartition(name, &o)
	}
	if g.shared == nil {
		h := g.repartition(o.Name, &o)
		g.shared = &h
	}
	return *g.shared
}

// repartition is the handle behind a new repartition topic.
func (g *grouping[K, V]) repartition(name string, o *graph.Options) graph.Handle {
	if !g.table {
		return repartition[K, V](g.in, name, o)
	}
	vs := graph.ValueSerde[V](g.in.Node, g.in, o)
	changes := *o
	changes.ValueSerde = changeSerde[V]{vs}
	h := repartition[K, graph.Change[V]](g.in, name, &changes)
	h.ValueSerde = vs
	g.ks, _ = h.KeySerde.(serde.Serde[K])
	g.vs = vs
	return h
}
