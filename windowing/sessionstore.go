package windowing

import (
	"math"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

// addSessionStore adds the session store of a node, with an index if rows are
// sent on when they close: what addStore is to window stores.
func addSessionStore[K, A any](s site[K, A], name string, w SessionWindows, o *graph.Options) {
	format := state.Sessions
	if o.Emission.OnClose {
		format = format.ByTime()
	}
	spec, ks, as := graph.SpecOf(s.b, s.n, name, format, o, s.ks, s.as)
	retention := w.spans().retention
	spec.Key, spec.Types = graph.TypeName[state.Windowed[K]](), graph.TypesOf[state.Windowed[K], A]()
	spec.Detail += "; retention " + retention.String()
	spec.Serdes.Key = state.SessionSerde(ks)
	spec.Retention = retention
	spec.LogAs(graph.WindowLog(w.gap + w.grace))
	spec.New = func(base state.Store) graph.TaskStore {
		return store.NewSession(base, ks, as, store.Options{Name: name, Format: format, Retention: retention})
	}
	s.b.AddStore(spec)
}

// sessionView is the View of a Table whose rows are what result makes of the
// content of a session store. endTimes says that rows have the event time of
// their session's end.
func sessionView[K, A, R any](name string, result func(A) R, endTimes bool) graph.View[state.Windowed[K], R] {
	return graph.StoredView(name, func(s *store.Session[K, A]) graph.Getter[state.Windowed[K], R] {
		return sessionRows[K, A, R]{s, result, endTimes}
	})
}

type sessionRows[K, A, R any] struct {
	store    *store.Session[K, A]
	result   func(A) R
	endTimes bool
}

func (r sessionRows[K, A, R]) Get(key state.Windowed[K]) (row R, timeMs int64, ok bool, err error) {
	return r.row(key, r.store.GetWithTime)
}

// GetStill, Age and Oldest implement graph.Fading: sessions go by their ends.
func (r sessionRows[K, A, R]) GetStill(key state.Windowed[K]) (row R, timeMs int64, ok bool, err error) {
	return r.row(key, r.store.GetStill)
}

func (r sessionRows[K, A, R]) Age(key state.Windowed[K]) int64 { return key.End }
func (r sessionRows[K, A, R]) Oldest() (int64, error)          { return r.store.Oldest() }

func (r sessionRows[K, A, R]) row(key state.Windowed[K], get func(K, int64, int64) (A, int64, bool, error)) (row R, timeMs int64, ok bool, err error) {
	acc, timeMs, ok, err := get(key.Key, key.Start, key.End)
	if !ok || err != nil {
		return row, 0, false, err
	}
	if r.endTimes {
		timeMs = key.End
	}
	return r.result(acc), timeMs, true, nil
}

// All lists the rows in the order of their ends, then of their starts and of the
// encoded keys.
func (r sessionRows[K, A, R]) All(visit func(key state.Windowed[K], row R, timeMs int64) error) error {
	all, err := r.store.Ending(math.MinInt64, math.MaxInt64)
	if err != nil {
		return err
	}
	for _, f := range all {
		timeMs := f.TimeMs
		if r.endTimes {
			timeMs = f.At.End
		}
		if err := visit(f.At, r.result(f.Value), timeMs); err != nil {
			return err
		}
	}
	return nil
}
