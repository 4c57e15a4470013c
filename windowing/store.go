package windowing

import (
	"maps"
	"strconv"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// addStore adds the window store of node n: what topology does for key-value
// stores. The changelog has the bytes and the configs that Kafka Streams gives
// it.
func addStore[K, A any](b *graph.Builder, n *graph.Node, name string, w TimeWindows, o *graph.Options, ks serde.Serde[K], as serde.Serde[A]) {
	changelog := name + "-changelog"
	keys := storeKeys[K]{state.WindowedSerde(ks, w.size)}
	ks, as = graph.ForTopic(b, n, ks, changelog, serde.Key), graph.ForTopic(b, n, as, changelog, serde.Value)
	spec := &graph.StoreSpec{
		Name: name, Line: n.Line, Key: graph.TypeName[state.Windowed[K]](), Value: graph.TypeName[A](),
		Types:  graph.TypesOf[state.Windowed[K], A](),
		Detail: "serdes " + serde.NameOf(ks) + ", " + serde.NameOf(as) + "; size " + w.size.String() + "; retention " + w.retention().String(),
		Format: state.Windows, Logged: !o.Given(graph.OptUnlogged), Retention: w.retention(),
		Serdes: graph.TopicSerdes{Key: keys, Value: as},
		LogConfig: map[string]string{
			"cleanup.policy": "compact,delete",
			"retention.ms":   strconv.FormatInt((w.retention() + logRetention).Milliseconds(), 10),
		},
	}
	maps.Copy(spec.LogConfig, o.LogConfig)
	spec.New = func(base state.Store) graph.TaskStore {
		return store.NewWindow(base, ks, as, store.Options{Name: name, Size: w.size, Retention: w.retention()})
	}
	b.AddStore(spec)
}

// logRetention is how long the broker keeps records of a changelog beyond what
// the store does: Kafka Streams' windowstore.changelog.additional.retention.ms.
const logRetention = 24 * time.Hour

// storeKeys is the serde of the keys in a changelog: those of topics and 4
// bytes, a number that only stores with duplicates use.
type storeKeys[K any] struct {
	serde.Serde[state.Windowed[K]]
}

func (s storeKeys[K]) Append(dst []byte, w state.Windowed[K]) ([]byte, error) {
	b, err := s.Serde.Append(dst, w)
	return append(b, 0, 0, 0, 0), err
}

func (s storeKeys[K]) Decode(b []byte) (state.Windowed[K], error) {
	return s.Serde.Decode(b[:max(0, len(b)-4)])
}
