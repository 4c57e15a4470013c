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

// addStore adds the window store of a node: what topology does for key-value
// stores. The changelog has the bytes and the configs that Kafka Streams gives
// it.
func addStore[K, A any](s site[K, A], name string, w Windows, o *graph.Options) {
	b, n, of := s.b, s.n, w.spans()
	changelog := name + "-changelog"
	keys := storeKeys[K]{state.WindowedSerde(s.ks, of.size)}
	ks, as := graph.ForTopic(b, n, s.ks, changelog, serde.Key), graph.ForTopic(b, n, s.as, changelog, serde.Value)
	spec := &graph.StoreSpec{
		Name: name, Line: n.Line, Key: graph.TypeName[state.Windowed[K]](), Value: graph.TypeName[A](),
		Types:  graph.TypesOf[state.Windowed[K], A](),
		Detail: "serdes " + serde.NameOf(ks) + ", " + serde.NameOf(as) + "; size " + of.size.String() + "; retention " + of.retention.String(),
		Format: state.Windows, Logged: !o.Given(graph.OptUnlogged), Retention: of.retention,
		Serdes: graph.TopicSerdes{Key: keys, Value: as},
		LogConfig: map[string]string{
			"cleanup.policy": "compact,delete",
			"retention.ms":   strconv.FormatInt((of.retention + logRetention).Milliseconds(), 10),
		},
	}
	maps.Copy(spec.LogConfig, o.LogConfig)
	spec.New = func(base state.Store) graph.TaskStore {
		return store.NewWindow(base, ks, as, store.Options{Name: name, Size: of.size, Retention: of.retention})
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
