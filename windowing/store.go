package windowing

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// bounded are windows whose end follows from their start.
type bounded interface {
	Windows
	// End is the end of the window that begins at startMs.
	End(startMs int64) int64
}

// addStore adds the window store of a node: what topology does for key-value
// stores. The changelog has the bytes and the configs that Kafka Streams gives
// it.
func addStore[K, A any](s site[K, A], name string, w bounded, o *graph.Options) {
	format, of := windowFormat(w, o), w.spans()
	spec, ks, as := graph.SpecOf(s.b, s.n, name, format, o, s.ks, s.as)
	spec.Key, spec.Types = graph.TypeName[state.Windowed[K]](), graph.TypesOf[state.Windowed[K], A]()
	spec.Detail += "; " + of.String()
	spec.Serdes.Key = store.LoggedWindows(windowKeys(ks, w))
	spec.Retention = of.retention
	spec.LogAs(graph.WindowLog(of.retention))
	spec.New = func(base state.Store) graph.TaskStore {
		so := store.Options{Name: name, Format: format, End: w.End, Retention: of.retention}
		if format == state.Windows {
			return store.NewWindow(base, ks, as, so)
		}
		return store.NewWindowByKey(base, ks, as, so)
	}
	s.b.AddStore(spec)
}

// windowFormat is the layout of a window store: by key for windows that begin at
// any time, with an index if their rows are sent on when they close.
func windowFormat(w bounded, o *graph.Options) state.Format {
	if _, ok := w.(SlidingWindows); !ok {
		return state.Windows
	}
	if o.Emission.OnClose {
		return state.WindowsByKey.ByTime()
	}
	return state.WindowsByKey
}

// windowKeys is the serde of the keys of windows on topics.
func windowKeys[K any](ks serde.Serde[K], w bounded) serde.Serde[state.Windowed[K]] {
	if of := w.spans(); of.inclusive {
		return state.SlidingSerde(ks, of.size)
	} else if of.size > 0 {
		return state.WindowedSerde(ks, of.size)
	}
	return state.WindowedSerdeFunc(ks, w.End)
}
