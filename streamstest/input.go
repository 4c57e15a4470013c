package streamstest

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/topology"
)

// Input writes records to a topic that the topology reads.
type Input[K, V any] struct {
	d         *Driver
	topic     *topic
	ks        serde.Serde[K]
	vs        serde.Serde[V]
	partition int32 // -1 is that of the default partitioner
}

// In makes an Input of a topic. It takes the options Serdes, KeySerde and
// ValueSerde of package topology; they default to the serdes with which the
// topology reads the topic, if their types agree, and then to those that are
// registered or built in. K and V may be []byte, for bytes that nothing
// decodes.
func In[K, V any](d *Driver, topic string, opts ...topology.Option) *Input[K, V] {
	d.tb.Helper()
	t := d.topics[topic]
	if t == nil || t.reader == nil && t.global == nil {
		d.tb.Fatalf("streamstest: the topology does not read the topic %q, it reads %s", topic, d.readNames())
	}
	ks, vs := serdes[K, V](d, topic, opts)
	return &Input[K, V]{d: d, topic: t, ks: ks, vs: vs, partition: -1}
}

// To is the same Input for one partition. Defaults to the partition that
// Kafka's default partitioner chooses for each key.
func (in *Input[K, V]) To(partition int32) *Input[K, V] {
	in.d.tb.Helper()
	if partition < 0 || int(partition) >= len(in.topic.partitions) {
		in.d.tb.Fatalf("streamstest: topic %s has no partition %d, it has %d: see Config.Partitions", in.topic.name, partition, len(in.topic.partitions))
	}
	other := *in
	other.partition = partition
	return &other
}

// Pipe writes a record with the wall clock's time and has it processed.
func (in *Input[K, V]) Pipe(key K, value V) {
	in.d.tb.Helper()
	in.PipeAt(key, value, in.d.nowMs)
}

// PipeAt is Pipe with an event time, in milliseconds since the Unix epoch.
func (in *Input[K, V]) PipeAt(key K, value V, timeMs int64) {
	in.d.tb.Helper()
	in.Send(processor.NewRecord(key, value, timeMs))
}

// PipeNull is Pipe with a null as value, which deletes a row of a table.
func (in *Input[K, V]) PipeNull(key K) {
	in.d.tb.Helper()
	in.Send(processor.Record[K, V]{Key: key, HasKey: true, Time: in.d.nowMs})
}

// Send writes records as they are, nulls and headers included, and has them
// processed once all are there. HasKey and HasValue must be set where there is
// a key and a value: processor.NewRecord does that.
func (in *Input[K, V]) Send(records ...processor.Record[K, V]) {
	in.d.tb.Helper()
	for i := range records {
		r, err := in.encode(&records[i])
		if err != nil {
			in.d.tb.Fatalf("streamstest: encode a record for topic %s: %v", in.topic.name, err)
		}
		in.d.append(in.topic, in.partition, r)
	}
	in.d.settle()
	in.d.report()
}

func (in *Input[K, V]) encode(r *processor.Record[K, V]) (out graph.Input, err error) {
	out = graph.Input{Time: r.Time, Headers: r.Headers}
	if null := graph.IsNull(in.ks); r.HasKey && (null == nil || !null(r.Key)) {
		if out.Key, err = in.ks.Append([]byte{}, r.Key); err != nil {
			return out, err
		}
	}
	if null := graph.IsNull(in.vs); r.HasValue && (null == nil || !null(r.Value)) {
		out.Value, err = in.vs.Append([]byte{}, r.Value)
	}
	return out, err
}
