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
	spec, ks, vs := graph.SpecOf(b, n, name, state.Buffers, o, ks, vs)
	spec.Serdes.Value = waitingSerde[V]{vs}
	spec.New = func(base state.Store) graph.TaskStore {
		return store.NewBuffer(base, ks, vs, store.Options{Name: name})
	}
	b.AddStore(spec)
}

// waitingSerde is the serde of the values in a changelog: behind each one comes
// the time that it waits for.
type waitingSerde[V any] struct{ serde.Serde[V] }

func (s waitingSerde[V]) Decode(b []byte) (V, error) {
	var r state.BufferRow
	value, _ := r.DecodeValue(b)
	return s.Serde.Decode(value)
}
