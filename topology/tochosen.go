package topology

import (
	"cmp"
	"fmt"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
)

// ToChosen writes each record to the topic whose name fn returns; "" drops the
// record and counts it. The topics must exist: another one is an error of class
// Produce, and so is an internal topic of the application. A null key or value
// is passed to fn as its zero value; see WithNulls. What can fail is for a
// MapValuesErr before it. It takes the options Name, Serdes, KeySerde,
// ValueSerde and Partitioner.
//
// By example: internal/corpus/testdata/to-chosen.txt.
func ToChosen[K, V any](s Streamer[K, V], fn func(key K, value V) string, opts ...Option) {
	in := s.stream().h
	o := graph.OptionsOf(in.Builder, "to-chosen", opts, graph.OptName, graph.OptKeySerde, graph.OptValueSerde, graph.OptPartitioner)
	n := in.Builder.Operator("sink", in, o)
	in.Builder.Callback(n, fn)
	ks, vs := graph.KeySerde[K](n, in, o), graph.ValueSerde[V](n, in, o)
	n.Sink = &graph.Sink{Chosen: true, Serdes: graph.TopicSerdes{Key: ks, Value: vs}}
	n.Detail = graph.SerdeNames(ks, vs)
	choose := partitioner[K, V](in.Builder, n, o)
	n.New = func(t graph.Task, _ []any) ([]any, error) {
		to := target[K, V]{ks: ks, vs: vs}
		w := newWriter(t, n, choose, to)
		if choose == nil {
			w.partitionKey = partitionKey(ks)
		}
		return receiver(&chosen[K, V]{
			writer: w, fn: fn, all: to, app: t.Context(n).App(),
			known: map[string]*target[K, V]{}, untold: t.Counter(n, "no_topic"),
		})
	}
}

// chosen is a sink with a topic per record.
type chosen[K, V any] struct {
	writer[K, V]
	fn     func(K, V) string
	all    target[K, V] // its serdes know no topic yet
	app    string
	known  map[string]*target[K, V]
	last   *target[K, V]
	untold *uint64
}

func (r *chosen[K, V]) Receive(key K, value V, m *graph.Meta) error {
	topic := r.fn(key, value)
	if topic == "" {
		*r.untold++
		return nil
	}
	to := r.last
	if to == nil || to.topic != topic {
		to = r.known[topic]
		if to == nil {
			made, err := r.meet(topic)
			if err != nil {
				return r.refused(err)
			}
			to = made
		}
		r.last = to
	}
	if err := r.look(to); err != nil {
		return r.refused(err)
	}
	return r.write(to, key, value, m)
}

// meet makes the target of a topic that is new to the sink.
func (r *chosen[K, V]) meet(topic string) (*target[K, V], error) {
	if graph.Internal(r.app, topic) {
		return nil, fmt.Errorf("topic %s is an internal topic of the application, which it alone may write", topic)
	}
	to := r.all
	to.topic = topic
	if err := r.look(&to); err != nil {
		return nil, err
	}
	var err, failed error
	to.ks, err = graph.OfTopic(to.ks, topic, serde.Key)
	to.vs, failed = graph.OfTopic(to.vs, topic, serde.Value)
	if err = cmp.Or(err, failed); err != nil {
		return nil, fmt.Errorf("topic %s: %w", topic, err)
	}
	r.known[topic] = &to
	return &to, nil
}

// Flush forgets the numbers of partitions, so that topics may grow or go.
func (r *chosen[K, V]) Flush(int64) error {
	for _, to := range r.known {
		to.partitions = 0
	}
	return nil
}
