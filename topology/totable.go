package topology

import "github.com/millrace-io/millrace/internal/graph"

// ToTable makes a table of a stream, in a store of the given name: a record is
// the new row of its key, also if it is older than the present one, and a null
// value deletes the row. Records with a null key are dropped and counted. If
// keys may have changed, the stream goes through a repartition topic first,
// which is named after the store. It takes the options Serdes, KeySerde,
// ValueSerde, Unlogged, LogConfig, TTL or Versioned, EmitLatest and
// EmitSnapshot, and Partitions for the topic.
//
// By example: internal/corpus/testdata/to-table.txt.
func ToTable[K, V any](s Streamer[K, V], name string, opts ...Option) KTable[K, V] {
	in := s.stream().h
	o := graph.OptionsOf(in.Builder, "to-table", opts, append(emitOptions, graph.OptPartitions, graph.OptKeySerde, graph.OptValueSerde,
		graph.OptUnlogged, graph.OptLogConfig, graph.OptTTL, graph.OptVersioned)...)
	switch {
	case in.Rekeyed:
		in = repartition[K, V](in, name, o)
	case o.Given(graph.OptPartitions):
		in.Builder.Errorf(graph.Caller(), "to-table: Partitions is for a repartition topic, and the keys have not changed: use Repartition")
	}
	return rows[K, V](in, "to-table", name, o)
}
