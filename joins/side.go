package joins

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// streamHandle is the handle of a stream.
func streamHandle[K, V any](s topology.Streamer[K, V]) graph.Handle {
	return s.(interface{ Graph() graph.Handle }).Graph()
}

// dropped counts the records that a join drops.
type dropped struct{ nullKey, nullValue *uint64 }

func newDropped(t graph.Task, n *graph.Node) dropped {
	return dropped{t.Counter(n, "null_key"), t.Counter(n, "null_value")}
}

// sameKeys notes an error if keys are written as ks in one stream of join n and
// otherwise in another one, of which other is known.
func sameKeys[K any](b *graph.Builder, n *graph.Node, one string, ks serde.Serde[K], another string, other any) {
	if other, ok := other.(serde.Serde[K]); ok && ks != nil && serde.NameOf(other) != serde.NameOf(ks) {
		b.Errorf(n.Line, "%s: the keys of %s are written as %s and those of %s as %s, which puts equal keys in different partitions: give them the same serde",
			n.Op, one, serde.NameOf(ks), another, serde.NameOf(other))
	}
}

// unnamed notes the error of a join of streams that has no name.
func unnamed(b *graph.Builder, n *graph.Node) {
	b.Errorf(n.Line, "%s: a join needs a name: its stores are named after it", n.Op)
}

// together is a stream in which equal keys are in one partition: behind a
// repartition topic of the given name, if keys may have changed. ks is the serde
// of the keys there, nil for what is known of the stream.
func together[K, V any](s topology.Streamer[K, V], name string, ks any, opts ...topology.Option) graph.Handle {
	in := streamHandle(s)
	if !in.Rekeyed {
		return in
	}
	if ks, ok := ks.(serde.Serde[K]); ok {
		opts = append(opts, topology.KeySerde(ks))
	}
	return topology.Repartition(s, name, opts...).Graph()
}

// withNullKeys lets records with a null key pass through a repartition topic, to
// any partition, for a join that has a use for them (KIP-962). Other repartition
// topics drop them.
func withNullKeys(o *graph.Options) { o.Give(graph.OptNullKeys) }
