package topology

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
)

// To writes a stream to a topic, with the records' event times and headers,
// and to the partition that Kafka's default partitioner gives their keys. It
// takes the options Name, Serdes, KeySerde, ValueSerde, Partitioner and
// AllowLoop.
//
// By example: internal/corpus/testdata/partitioner.txt.
func To[K, V any](s Streamer[K, V], topic string, opts ...Option) {
	in := s.stream().h
	o := graph.OptionsOf(in.Builder, "to", opts, graph.OptName, graph.OptKeySerde, graph.OptValueSerde, graph.OptPartitioner, graph.OptLoop)
	n := in.Builder.Operator("sink", in, o)
	n.Sink = &graph.Sink{Topic: topic, Loop: o.Given(graph.OptLoop)}
	ks, vs := graph.KeySerde[K](n, in, o), graph.ValueSerde[V](n, in, o)
	addSink(in.Builder, n, topic, ks, vs, o, false)
}

// addSink makes n a sink of K and V. o may have a Partitioner; needKey says
// that records with a null key are dropped.
func addSink[K, V any](b *graph.Builder, n *graph.Node, topic string, ks serde.Serde[K], vs serde.Serde[V], o *graph.Options, needKey bool) {
	n.Detail = graph.SerdeNames(ks, vs)
	n.Sink.Serdes = graph.TopicSerdes{Key: ks, Value: vs}
	choose := partitioner[K, V](b, n, o)
	to := target[K, V]{
		ks: graph.ForTopic(b, n, ks, topic, serde.Key),
		vs: graph.ForTopic(b, n, vs, topic, serde.Value),
	}
	n.New = func(t graph.Task, _ []any) ([]any, error) {
		r := &sink[K, V]{writer: newWriter(t, n, choose, to), to: to}
		r.to.topic = t.Topic(n.Sink)
		if needKey {
			r.noKey = newDropped(t, n).nullKey
		}
		if choose == nil && n.Sink.Repartition == nil {
			r.partitionKey = partitionKey(to.ks)
		}
		if choose != nil || r.partitionKey != nil {
			return receiver(&placing[K, V]{r})
		}
		return receiver(r)
	}
}

// sink writes to one topic.
type sink[K, V any] struct {
	writer[K, V]
	to target[K, V]
}

func (r *sink[K, V]) Receive(key K, value V, m *graph.Meta) error {
	return r.write(&r.to, key, value, m)
}

// target is a topic with its serdes.
type target[K, V any] struct {
	topic      string
	ks         serde.Serde[K]
	vs         serde.Serde[V]
	partitions int // 0 is unknown
}

// writer encodes records into the task's outbox.
type writer[K, V any] struct {
	node   *graph.Node
	task   graph.Task
	out    *graph.Outbox
	choose func(topic string, key K, value V, partitions int) int // nil for the default
	// partitionKey is the part of an encoded key that chooses the partition, nil
	// for all of it.
	partitionKey func(encoded []byte) []byte
	isNullKey    func(K) bool // nil for types without a null of their own
	isNullValue  func(V) bool
	noKey        *uint64 // counts records without a key if they are dropped
}

func newWriter[K, V any](t graph.Task, n *graph.Node, choose func(string, K, V, int) int, to target[K, V]) writer[K, V] {
	return writer[K, V]{
		node: n, task: t, out: t.Outbox(), choose: choose, isNullKey: graph.IsNull(to.ks), isNullValue: graph.IsNull(to.vs),
	}
}

func (r *writer[K, V]) write(to *target[K, V], key K, value V, m *graph.Meta) (err error) {
	hasKey := m.HasKey && (r.isNullKey == nil || !r.isNullKey(key))
	if !hasKey && r.noKey != nil {
		*r.noKey++
		return nil
	}
	slab := r.out.Slab()
	start := len(slab)
	keyLen, valLen, partition := -1, -1, int32(-1)
	if hasKey {
		if slab, err = to.ks.Append(slab, key); err != nil {
			return r.refused(&encodeError{"key", to.topic, err})
		}
		keyLen = len(slab) - start
		if r.partitionKey != nil {
			if err := r.look(to); err != nil {
				return r.refused(err)
			}
			partition = graph.Partition(r.partitionKey(slab[start:]), to.partitions)
		}
		start = len(slab)
	}
	if m.HasValue && (r.isNullValue == nil || !r.isNullValue(value)) {
		if slab, err = to.vs.Append(slab, value); err != nil {
			return r.refused(&encodeError{"value", to.topic, err})
		}
		valLen = len(slab) - start
	}
	if r.choose != nil {
		if partition, err = r.place(to, key, value); err != nil {
			return r.refused(err)
		}
	}
	r.out.Add(slab, to.topic, partition, keyLen, valLen, m)
	return nil
}

// refused is the error for a record that cannot be written. It names the
// class, since the task takes what comes out of a node as a failure to process.
func (r *writer[K, V]) refused(err error) error {
	return &processor.Error{Class: processor.Produce, Node: r.node.Name, Err: err}
}

// encodeError is the cause of a refused record.
type encodeError struct {
	what, topic string
	err         error
}

func (e *encodeError) Error() string {
	return "encode " + e.what + " for topic " + e.topic + ": " + e.err.Error()
}
func (e *encodeError) Unwrap() error { return e.err }
