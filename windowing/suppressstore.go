package windowing

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// addBuffer adds the store in which node n holds values until their time has
// come.
func addBuffer[K, V any](b *graph.Builder, n *graph.Node, name string, o *graph.Options, ks serde.Serde[K], vs serde.Serde[V]) {
	changelog := name + "-changelog"
	ks, vs = graph.ForTopic(b, n, ks, changelog, serde.Key), graph.ForTopic(b, n, vs, changelog, serde.Value)
	b.AddStore(&graph.StoreSpec{
		Name: name, Line: n.Line, Key: graph.TypeName[K](), Value: graph.TypeName[V](), Types: graph.TypesOf[K, V](),
		Detail: "serdes " + serde.NameOf(ks) + ", " + serde.NameOf(vs),
		Format: state.Buffers, Logged: !o.Given(graph.OptUnlogged), LogConfig: o.LogConfig,
		Serdes: graph.TopicSerdes{Key: ks, Value: waitingSerde[V]{vs}},
		New: func(base state.Store) graph.TaskStore {
			return store.NewBuffer(base, ks, vs, store.Options{Name: name})
		},
	})
}

// waitingSerde is the serde of the values in a changelog: behind each one comes
// the time that it waits for.
type waitingSerde[V any] struct{ serde.Serde[V] }

func (s waitingSerde[V]) Decode(b []byte) (V, error) {
	var r state.BufferRow
	value, _ := r.DecodeValue(b)
	return s.Serde.Decode(value)
}
