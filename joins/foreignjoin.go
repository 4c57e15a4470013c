package joins

import (
	"reflect"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/processor"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// foreignJoin is a foreign-key join. Rows of the left table and of the right one
// are in different tasks, and send each other messages:
//
//	left table --> foreignLeft ==subscriptions==> foreignRight <-- right table
//	               (results)   <=====answers=====  (who has which key)
//	                    |
//	                    v
//	               result table
//
// The topics, stores and nodes have the names and the bytes that Kafka Streams
// gives those of a TableJoined with the same name.
type foreignJoin[K, L, KR, R, KO, V any] struct {
	inner bool // else left
	many  bool // a left row has a list of foreign keys, and a result for each
	// keys appends the foreign keys of a left row.
	keys func(dst []KR, key K, l L) []KR
	// keyOf is the key of a result; ownerOf and foreignOf are what it is made of,
	// the latter only if there are many.
	keyOf     func(key K, foreign KR) KO
	ownerOf   func(of KO) K
	foreignOf func(of KO) KR
	join      func(key K, l L, r processor.Maybe[R]) V

	node    *graph.Node     // that of foreignLeft
	left    serde.Serde[L]  // of which digests are made
	foreign serde.Serde[KR] // in subscriptions and in the store
	made    serde.Serde[KO] // in subscriptions and answers
	right   serde.Serde[R]  // in answers
	// choose is the partitioner of foreign keys, partitionKey the part of an
	// encoded one by which Kafka's default goes; nil for the default and for all.
	choose       func(topic string, key KR, r R, partitions int) int
	partitionKey func(encoded []byte) []byte
}

// table adds what the join consists of. ofs makes the serde of the keys of
// results; foreign and joiner are the user's functions.
func (j *foreignJoin[K, L, KR, R, KO, V]) table(op string, left topology.KTable[K, L], right topology.KTable[KR, R], name string,
	ofs func(serde.Serde[K], serde.Serde[KR]) serde.Serde[KO], foreign, joiner any, opts []topology.Option) topology.KTable[KO, V] {
	l, r := left.Graph(), right.Graph()
	b := l.Builder
	o := graph.OptionsOf(b, op, opts, graph.OptValueSerde, graph.OptUnlogged, graph.OptLogConfig, graph.OptPartitioner,
		graph.OptEmitLatest, graph.OptEmitSnapshot, graph.OptEmitOnClose)
	n := &graph.Node{Name: name, Op: op, Line: graph.Caller(), In: []graph.Edge{l.Edge(0)}, CoPartition: true}
	n.Sink = &graph.Sink{Repartition: &graph.Repartition{Name: name + graph.Registration, Suffix: graph.ForeignKeyTopic}}
	j.node = n
	b.Callback(n, foreign)
	b.Callback(n, joiner)
	if r.Builder != b {
		b.Errorf(n.Line, "%s: the tables belong to different builders", op)
	}
	var none graph.Options
	ks, ls := graph.KeySerde[K](n, l, &none), graph.ValueSerde[L](n, l, &none)
	krs, rs := graph.KeySerde[KR](n, r, &none), graph.ValueSerde[R](n, r, &none)
	kos := ofs(ks, krs)
	asks, answers := n.Sink.Repartition.Name+graph.ForeignKeyTopic, name+graph.Response+graph.ForeignKeyTopic
	j.left = graph.ForTopic(b, n, ls, asks+"-vh", serde.Value)
	j.foreign = graph.ForTopic(b, n, krs, asks, serde.Key)
	j.made = graph.ForTopic(b, n, kos, asks+"-pk", serde.Key)
	j.right = graph.ForTopic(b, n, rs, answers, serde.Value)
	j.choosePartitions(b, o)

	back := j.rightNode(r, name)
	n.In = append(n.In, back.Edge(1))
	n.Out = []graph.Port{graph.NewPort[KO, graph.Change[V]]()}
	n.Sink.Serdes = graph.TopicSerdes{Key: j.foreign, Value: subscriptionSerde{}}
	b.Add(n)
	vs := graph.SerdeFor[V](b, n, "value", o.ValueSerde, o.ValueType, nil)
	h := l.NewValue(n, vs)
	h.KeySerde, h.Rekeyed = kos, j.many
	addForeignStore(b, n, name, kos, vs, o)
	n.New = j.leftInstance(lookUp[K, L](n, l, "left"))
	h.View = graph.KeyValueView[KO](name, func(row V) V { return row })
	return topology.TableOf[KO, V](h).Emitting(name, o)
}

// choosePartitions sets how the partitions of foreign keys are chosen: as those
// of the right table's keys are.
func (j *foreignJoin[K, L, KR, R, KO, V]) choosePartitions(b *graph.Builder, o *graph.Options) {
	if p, ok := j.foreign.(interface{ PartitionKey([]byte) []byte }); ok {
		j.partitionKey = p.PartitionKey
	}
	if o.Partitioner == nil {
		return
	}
	ok := false
	if j.choose, ok = o.Partitioner.(func(string, KR, R, int) int); !ok {
		b.Errorf(j.node.Line, "%s: the right rows are of %s, %s and the function of Partitioner takes %s",
			j.node.Op, graph.TypeName[KR](), graph.TypeName[R](), o.PartitionerType)
		return
	}
	j.node.Sink.Partitioner = reflect.ValueOf(j.choose).Pointer()
	j.node.Detail = "partitioner of its own"
}

// rightNode adds the nodes where the right table is, and returns the handle of
// what comes back from there.
func (j *foreignJoin[K, L, KR, R, KO, V]) rightNode(right graph.Handle, name string) graph.Handle {
	b, line := right.Builder, j.node.Line
	asked := foreignSource(b, j.node.Sink.Repartition, line, j.foreign, serde.Serde[subscription](subscriptionSerde{}))
	n := b.Add(&graph.Node{
		Name: name + "-subscription-receive", Op: j.node.Op, Line: line, CoPartition: true,
		In: []graph.Edge{asked.Edge(0), right.Edge(1)},
		Sink: &graph.Sink{
			Repartition: &graph.Repartition{Name: name + graph.Response, Suffix: graph.ForeignKeyTopic},
			Serdes:      graph.TopicSerdes{Key: j.made, Value: answerSerde[R]{j.right}},
			Answers:     true,
		},
	})
	known := name + "-subscription-store"
	addForeignStore(b, n, known, serde.Bytes, serde.Serde[subscription](subscriptionSerde{}), &graph.Options{})
	n.New = j.rightInstance(n, lookUp[KR, R](n, right, "right"), known)
	return foreignSource(b, n.Sink.Repartition, line, j.made, serde.Serde[answered[R]](answerSerde[R]{j.right}))
}

// foreignSource adds the source of a topic of a foreign-key join.
func foreignSource[K, V any](b *graph.Builder, topic *graph.Repartition, line string, ks serde.Serde[K], vs serde.Serde[V]) graph.Handle {
	b.AddRepartition(topic, line)
	_, name := topic.Ends()
	n := b.Add(&graph.Node{
		Name: name, Op: "source", Line: line, Detail: graph.SerdeNames(ks, vs),
		Source: &graph.Source{Repartition: topic, Serdes: graph.TopicSerdes{Key: ks, Value: vs}, New: newForeignHead(ks, vs)},
		Out:    []graph.Port{graph.NewPort[K, V]()},
	})
	return graph.Handle{Builder: b, Node: n}
}

// lookUp is the View of a table that n joins, whose stores become those of n.
func lookUp[K, V any](n *graph.Node, h graph.Handle, side string) graph.View[K, V] {
	view := graph.ViewOf[K, V](h)
	if view.Open == nil {
		h.Builder.Errorf(n.Line, "%s: the rows of the %s table cannot be looked up: put a Filter or MapTable with the option Stored before it", n.Op, side)
	}
	n.Stores = append(n.Stores, view.Stores...)
	return view
}

// addForeignStore adds a store of n.
func addForeignStore[K, V any](b *graph.Builder, n *graph.Node, name string, ks serde.Serde[K], vs serde.Serde[V], o *graph.Options) {
	spec, ks, vs := storeSpec(b, n, name, state.Timestamped, o, ks, vs)
	spec.New = func(base state.Store) graph.TaskStore {
		return store.NewKeyValue(base, ks, vs, store.Options{Name: name, Format: state.Timestamped})
	}
	b.AddStore(spec)
}
