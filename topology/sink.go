package topology

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
)

// To writes a stream to a topic, with the records' event times and headers,
// and to the partition that Kafka's default partitioner gives their keys. It
// takes the options Name, Serdes, KeySerde, ValueSerde and AllowLoop.
func To[K, V any](s Streamer[K, V], topic string, opts ...Option) {
	in := s.stream().h
	o := options(in.Builder, "to", opts, graph.OptName, graph.OptKeySerde, graph.OptValueSerde, graph.OptLoop)
	n := in.Builder.Operator("sink", in, o)
	n.Sink = &graph.Sink{Topic: topic, Loop: o.Given(graph.OptLoop)}
	ks, vs := graph.KeySerde[K](n, in, o), graph.ValueSerde[V](n, in, o)
	addSink(in.Builder, n, topic, ks, vs, false)
}

// addSink makes n a sink of K and V. needKey says that records with a null key
// are dropped.
func addSink[K, V any](b *graph.Builder, n *graph.Node, topic string, ks serde.Serde[K], vs serde.Serde[V], needKey bool) {
	n.Detail = serdeNames(ks, vs)
	n.Sink.Serdes = graph.TopicSerdes{Key: ks, Value: vs}
	ks = graph.ForTopic(b, n, ks, topic, serde.Key)
	vs = graph.ForTopic(b, n, vs, topic, serde.Value)
	n.New = func(t graph.Task, _ []any) ([]any, error) {
		r := &sink[K, V]{
			node: n, out: t.Outbox(), topic: t.Topic(n.Sink), ks: ks, vs: vs,
			isNullKey: graph.IsNull(ks), isNullValue: graph.IsNull(vs),
		}
		if needKey {
			r.noKey = newDropped(t, n).nullKey
		}
		return receiver(r)
	}
}

// sink encodes records into the task's outbox.
type sink[K, V any] struct {
	node        *graph.Node
	out         *graph.Outbox
	topic       string
	ks          serde.Serde[K]
	vs          serde.Serde[V]
	isNullKey   func(K) bool // nil for types without a null of their own
	isNullValue func(V) bool
	noKey       *uint64 // counts records without a key if they are dropped
}

func (r *sink[K, V]) Receive(key K, value V, m *graph.Meta) (err error) {
	hasKey := m.HasKey && (r.isNullKey == nil || !r.isNullKey(key))
	if !hasKey && r.noKey != nil {
		*r.noKey++
		return nil
	}
	slab := r.out.Slab()
	start := len(slab)
	keyLen, valLen := -1, -1
	if hasKey {
		if slab, err = r.ks.Append(slab, key); err != nil {
			return r.refused("key", err)
		}
		keyLen = len(slab) - start
		start = len(slab)
	}
	if m.HasValue && (r.isNullValue == nil || !r.isNullValue(value)) {
		if slab, err = r.vs.Append(slab, value); err != nil {
			return r.refused("value", err)
		}
		valLen = len(slab) - start
	}
	r.out.Add(slab, r.topic, -1, keyLen, valLen, m)
	return nil
}

// refused is the error for a record that its serde cannot encode. It names the
// class, since the task takes what comes out of a node as a failure to process.
func (r *sink[K, V]) refused(what string, err error) error {
	return &processor.Error{Class: processor.Produce, Node: r.node.Name, Err: &encodeError{what, r.topic, err}}
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
