package topology

import (
	"maps"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// Option changes one operator. The operators' documentation says which ones
// they take; any other is an error when the topology is built.
type Option func(*graph.Options)

// Name names an operator in descriptions, metrics and errors; for GroupBy it
// also names the repartition topic. Names of operators must differ. Defaults
// to "<operator>-<n>", which changes when operators are added.
func Name(name string) Option {
	return func(o *graph.Options) { o.Give(graph.OptName); o.Name = name }
}

// Serdes gives the serdes of an operator's keys and values: those that are
// read or written, or that the operator's store holds.
func Serdes[K, V any](ks serde.Serde[K], vs serde.Serde[V]) Option {
	return func(o *graph.Options) { KeySerde(ks)(o); ValueSerde(vs)(o) }
}

// KeySerde gives the serde of the keys alone; see Serdes.
func KeySerde[K any](ks serde.Serde[K]) Option {
	return func(o *graph.Options) {
		o.Give(graph.OptKeySerde)
		o.KeySerde, o.KeyType = ks, graph.TypeName[K]()
	}
}

// ValueSerde gives the serde of the values alone; see Serdes.
func ValueSerde[V any](vs serde.Serde[V]) Option {
	return func(o *graph.Options) {
		o.Give(graph.OptValueSerde)
		o.ValueSerde, o.ValueType = vs, graph.TypeName[V]()
		o.ValueSerdes = append(o.ValueSerdes, vs)
	}
}

// Partitions sets the partition count of a repartition topic. Defaults to that
// of the widest topic before it.
func Partitions(n int) Option {
	return func(o *graph.Options) { o.Give(graph.OptPartitions); o.Partitions = n }
}

// AllowLoop lets To write a topic that the same topology reads.
func AllowLoop() Option {
	return func(o *graph.Options) { o.Give(graph.OptLoop) }
}

// Unlogged leaves out the changelog topic of a store: its content is lost when
// its task moves to another instance.
func Unlogged() Option {
	return func(o *graph.Options) { o.Give(graph.OptUnlogged) }
}

// LogConfig adds topic configs to those of a store's changelog topic.
func LogConfig(configs map[string]string) Option {
	return func(o *graph.Options) { o.Give(graph.OptLogConfig); o.LogConfig = maps.Clone(configs) }
}

// Stored keeps the rows of a table that is made of another one in a store of
// the given name, with a changelog topic. Defaults to computing them on demand,
// which takes no memory: what is found then depends on the function alone.
//
// By example: internal/corpus/testdata/table-filter.txt.
func Stored(name string) Option {
	return func(o *graph.Options) { o.Give(graph.OptStored); o.Store = name }
}
