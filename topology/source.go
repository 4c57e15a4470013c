package topology

import (
	"errors"
	"fmt"
	"slices"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
)

// Stream reads a topic. It takes the options Name, Serdes, KeySerde,
// ValueSerde, FromEarliest, FromLatest, FromTime, FromOffsets, Timestamps,
// TimeField, WallClockTime, RefuseNulls, LossToEarliest, LossToLatest,
// OnDecodeError, MaxRate, and WatermarkLag, WatermarkAscending, WatermarkOf and
// WatermarkIdle.
//
// A topic can be read once in a topology: use the stream as often as needed.
func Stream[K, V any](b *Builder, topic string, opts ...Option) KStream[K, V] {
	return source[K, V](b.g, &graph.Source{Topics: []string{topic}}, opts)
}

// StreamTopics reads several topics as one stream, ordered by time as far as
// a task can know. It takes the options of Stream. If an aggregation follows,
// the topics need equal partition counts.
//
// By example: internal/corpus/testdata/topics.txt.
func StreamTopics[K, V any](b *Builder, topics []string, opts ...Option) KStream[K, V] {
	return source[K, V](b.g, &graph.Source{Topics: slices.Clone(topics)}, opts)
}

// StreamPattern reads all topics whose whole name matches a regular expression
// in the syntax of package regexp, also those that are made later; internal
// topics of the application never match. It takes the options of Stream.
//
// By example: internal/corpus/testdata/topics.txt.
func StreamPattern[K, V any](b *Builder, pattern string, opts ...Option) KStream[K, V] {
	return source[K, V](b.g, &graph.Source{Pattern: "^(?:" + pattern + ")$"}, opts)
}

func source[K, V any](b *graph.Builder, src *graph.Source, opts []Option) KStream[K, V] {
	return addSource[K, V](b, src, graph.OptionsOf(b, "stream", opts, graph.OptName, graph.OptKeySerde, graph.OptValueSerde, graph.OptStart,
		graph.OptTimestamp, graph.OptDataLoss, graph.OptDecode, graph.OptMaxRate, graph.OptNulls, graph.OptWatermark, graph.OptIdle))
}

// addSource adds the node that reads src, as the options say.
func addSource[K, V any](b *graph.Builder, src *graph.Source, o *graph.Options) KStream[K, V] {
	src.Start, src.DataLoss, src.MaxRate, src.Decode = o.Start, o.DataLoss, o.MaxRate, o.Decode
	n := b.Add(&graph.Node{Name: o.Name, Op: "source", Line: graph.Caller(), Source: src})
	h := graph.Handle{Builder: b, Node: n}
	h.KeySerde, h.ValueSerde = addHead[K, V](h, o, src.Topics)
	return StreamOf[K, V](h)
}

// addHead makes h.Node a source of K and V and returns its serdes; topics are
// those that are known.
func addHead[K, V any](h graph.Handle, o *graph.Options, topics []string) (serde.Serde[K], serde.Serde[V]) {
	n := h.Node
	ks, vs := graph.KeySerde[K](n, h, o), graph.ValueSerde[V](n, h, o)
	timestamps, refuseNulls := newTimestamps[K, V](h.Builder, n, o), o.Given(graph.OptNulls)
	bound := map[string]head[K, V]{}
	for _, topic := range topics {
		bound[topic] = head[K, V]{
			ks: graph.ForTopic(h.Builder, n, ks, topic, serde.Key),
			vs: graph.ForTopic(h.Builder, n, vs, topic, serde.Value),
		}
	}
	n.Detail = graph.SerdeNames(ks, vs)
	watermarkOf := addWatermark[K, V](h.Builder, n, o)
	n.Source.Serdes = graph.TopicSerdes{Key: ks, Value: vs}
	n.Out = []graph.Port{graph.NewPort[K, V]()}
	n.Source.New = func(t graph.Task, topic string, outs []any) (graph.Head, error) {
		r, ok := bound[topic]
		if !ok {
			r.ks, r.vs = ks, vs
		}
		r.keyHasNull, r.valueHasNull = graph.IsNull(ks) != nil, graph.IsNull(vs) != nil
		r.timestamps, r.refuseNulls, r.out = timestamps, refuseNulls, output[K, V](outs)
		r.watermarkOf = watermarkOf
		if r.timestamps.wall {
			r.timestamps.now = t.Context(n)
		}
		return &r, nil
	}
	return ks, vs
}

// head decodes the records of one topic partition.
type head[K, V any] struct {
	ks serde.Serde[K]
	vs serde.Serde[V]
	// The types have a null of their own, their zero value.
	keyHasNull, valueHasNull bool
	refuseNulls              bool // of values
	timestamps               timestamps[K, V]
	watermarkOf              func(processor.Record[K, V]) (int64, error) // nil for none
	out                      graph.Receiver[K, V]

	watermark        int64 // what it has returned
	key              K
	value            V
	hasKey, hasValue bool
}

func (r *head[K, V]) Load(in *graph.Input, partitionTime int64) (int64, error) {
	if in.Value == nil && r.refuseNulls {
		return 0, errNullValue
	}
	return r.load(in, in.Value, partitionTime)
}

// LoadNull takes nulls that are refused elsewhere: the policy has asked for
// one.
func (r *head[K, V]) LoadNull(in *graph.Input, partitionTime int64) (int64, error) {
	return r.load(in, nil, partitionTime)
}

var errNullValue = errors.New("the value is null, which the option RefuseNulls does not allow")

func (r *head[K, V]) load(in *graph.Input, value []byte, partitionTime int64) (_ int64, err error) {
	if in.Key == nil {
		r.key, r.hasKey = *new(K), r.keyHasNull
	} else if r.key, err = r.ks.Decode(in.Key); err != nil {
		return 0, fmt.Errorf("key: %w", err)
	} else {
		r.hasKey = true
	}
	if value == nil {
		r.value, r.hasValue = *new(V), r.valueHasNull
	} else if r.value, err = r.vs.Decode(value); err != nil {
		return 0, fmt.Errorf("value: %w", err)
	} else {
		r.hasValue = true
	}
	ms, err := r.timestamps.of(r, in, partitionTime)
	if err == nil && r.watermarkOf != nil && ms >= 0 {
		err = r.mark(in, ms)
	}
	return ms, err
}

func (r *head[K, V]) Deliver(m *graph.Meta) error {
	m.HasKey, m.HasValue = r.hasKey, r.hasValue
	return r.out.Receive(r.key, r.value, m)
}
