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
func addStore[K, A any](s site[K, A], name string, w assigned, o *graph.Options) {
	b, n, of := s.b, s.n, w.spans()
	changelog := name + "-changelog"
	keys := store.LoggedWindows(windowKeys(s.ks, w))
	ks, as := graph.ForTopic(b, n, s.ks, changelog, serde.Key), graph.ForTopic(b, n, s.as, changelog, serde.Value)
	spec := &graph.StoreSpec{
		Name: name, Line: n.Line, Key: graph.TypeName[state.Windowed[K]](), Value: graph.TypeName[A](),
		Types:  graph.TypesOf[state.Windowed[K], A](),
		Detail: "serdes " + serde.NameOf(ks) + ", " + serde.NameOf(as) + "; " + of.String(),
		Format: state.Windows, Logged: !o.Given(graph.OptUnlogged), Retention: of.retention,
		Serdes: graph.TopicSerdes{Key: keys, Value: as},
		LogConfig: map[string]string{
			"cleanup.policy": "compact,delete",
			"retention.ms":   strconv.FormatInt((of.retention + logRetention).Milliseconds(), 10),
		},
	}
	if of.retention == 0 {
		spec.LogConfig = map[string]string{"cleanup.policy": "compact"}
	}
	maps.Copy(spec.LogConfig, o.LogConfig)
	spec.New = func(base state.Store) graph.TaskStore {
		return store.NewWindow(base, ks, as, store.Options{Name: name, End: w.End, Retention: of.retention})
	}
	b.AddStore(spec)
}

// logRetention is how long the broker keeps records of a changelog beyond what
// the store does: Kafka Streams' windowstore.changelog.additional.retention.ms.
const logRetention = 24 * time.Hour

// windowKeys is the serde of the keys of windows on topics.
func windowKeys[K any](ks serde.Serde[K], w assigned) serde.Serde[state.Windowed[K]] {
	if size := w.spans().size; size > 0 {
		return state.WindowedSerde(ks, size)
	}
	return state.WindowedSerdeFunc(ks, w.End)
}
