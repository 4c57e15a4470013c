package topology

import "github.com/millrace-io/millrace/internal/graph"

// Repartition sends a stream through an internal topic, so that records with
// equal keys meet in one task again. Records with a null key are dropped and
// counted. The topic is called <application>-<name>-repartition. It takes the
// options Partitions, Partitioner, Serdes, KeySerde, ValueSerde, WatermarkLag,
// WatermarkAscending, WatermarkOf and WatermarkIdle.
//
// Aggregations repartition by themselves where keys may have changed; this is
// for Process, and to set a partition count.
//
// By example: internal/corpus/testdata/repartition.txt.
func Repartition[K, V any](s Streamer[K, V], name string, opts ...Option) KStream[K, V] {
	in := s.stream().h
	o := graph.OptionsOf(in.Builder, "repartition", opts, graph.OptPartitions, graph.OptPartitioner, graph.OptKeySerde, graph.OptValueSerde, graph.OptWatermark, graph.OptIdle, graph.OptNullKeys)
	return StreamOf[K, V](repartition[K, V](in, name, o))
}

// repartition adds the sink and the source of an internal topic and returns
// the handle of the source.
func repartition[K, V any](in graph.Handle, name string, o *graph.Options) graph.Handle {
	b := in.Builder
	topic := &graph.Repartition{Name: name, Partitions: o.Partitions}
	b.AddRepartition(topic, graph.Caller())

	sinkName, sourceName := topic.Ends()
	sink := b.Operator("repartition", in, &graph.Options{Name: sinkName})
	sink.Sink = &graph.Sink{Repartition: topic}
	ks, vs := graph.KeySerde[K](sink, in, o), graph.ValueSerde[V](sink, in, o)
	addSink(b, sink, name+"-repartition", ks, vs, o, !o.Given(graph.OptNullKeys))

	out := graph.Handle{Builder: b, KeySerde: ks, ValueSerde: vs}
	out.Node = b.Add(&graph.Node{
		Name: sourceName, Op: "source", Line: sink.Line, Source: &graph.Source{Repartition: topic},
	})
	addHead[K, V](out, o.OfWatermark(), []string{name + "-repartition"})
	return out
}
