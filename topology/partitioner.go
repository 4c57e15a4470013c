package topology

import (
	"fmt"
	"reflect"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// Partitioner chooses the partition of each record that To, ToChosen or
// Repartition writes: fn returns a number from 0 to partitions-1, anything
// else is an error of class Produce. topic is the full name; a null key or
// value is passed as its zero value. Defaults to Kafka's default partitioner:
// murmur2 of the key's bytes, for a windowed key those of the key without the
// window.
//
// What aggregates or joins behind a Repartition needs fn to depend on the key
// alone, and all repartition topics that meet there need the same fn.
//
// By example: internal/corpus/testdata/partitioner.txt.
func Partitioner[K, V any](fn func(topic string, key K, value V, partitions int) int) Option {
	return func(o *graph.Options) {
		o.Give(graph.OptPartitioner)
		o.Partitioner, o.PartitionerType = fn, graph.TypeName[K]()+", "+graph.TypeName[V]()
	}
}

// partitioner is what the option has given for sink n, nil for nothing.
func partitioner[K, V any](b *graph.Builder, n *graph.Node, o *graph.Options) func(string, K, V, int) int {
	if o.Partitioner == nil {
		return nil
	}
	fn, ok := o.Partitioner.(func(string, K, V, int) int)
	if !ok {
		b.Errorf(n.Line, "%s: the records are of %s, %s and the function of Partitioner takes %s",
			n.Op, graph.TypeName[K](), graph.TypeName[V](), o.PartitionerType)
		return nil
	}
	n.Sink.Partitioner = reflect.ValueOf(fn).Pointer()
	n.Detail += "; partitioner of its own"
	return fn
}

// place is the partition that the user's function chooses for a record.
func (r *writer[K, V]) place(to *target[K, V], key K, value V) (int32, error) {
	if err := r.look(to); err != nil {
		return -1, err
	}
	p := r.choose(to.topic, key, value, to.partitions)
	if p < 0 || p >= to.partitions {
		return -1, fmt.Errorf("the Partitioner chose partition %d of topic %s, which has %d", p, to.topic, to.partitions)
	}
	return int32(p), nil
}

// look finds out how many partitions to has, unless that is known.
func (r *writer[K, V]) look(to *target[K, V]) (err error) {
	if to.partitions == 0 {
		to.partitions, err = r.task.Partitions(to.topic)
	}
	return err
}

// partitionKey is what s says of the bytes that choose the partition of a key:
// those of a windowed key are its key's, as in Kafka Streams.
func partitionKey[K any](s serde.Serde[K]) func(encoded []byte) []byte {
	if p, ok := s.(interface{ PartitionKey(encoded []byte) []byte }); ok {
		return p.PartitionKey
	}
	return nil
}

// placing is a sink that needs to know how many partitions there are.
type placing[K, V any] struct {
	*sink[K, V]
}

// Flush forgets the number of partitions, so that a topic may grow.
func (r *placing[K, V]) Flush(int64) error {
	r.to.partitions = 0
	return nil
}
