package windowing

import (
	"cmp"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/topology"
)

// Table is the result of an aggregation of values of V in windows: a table with
// a row of R for each key and window. A row is not deleted when its window has
// closed; it goes from the store, without an update, once no record can change
// it. With topology.EmitLatest, what changed since is sent on before that. The
// zero value is of no use.
//
// On topics, its keys are those of Kafka Streams, see state.WindowedSerde; To
// needs no option for them.
//
// By example: internal/corpus/testdata/emit-windows.txt.
type Table[K, V, R any] struct {
	topology.KTable[state.Windowed[K], R]
	late graph.Handle
}

// windowView is the View of a Table whose rows are what result makes of the
// content of a window store.
func windowView[K, A, R any](name string, result func(A) R) graph.View[state.Windowed[K], R] {
	return graph.StoredView(name, func(s store.WindowRows[K, A]) graph.Getter[state.Windowed[K], R] {
		return windowRows[K, A, R]{s, result}
	})
}

type windowRows[K, A, R any] struct {
	store  store.WindowRows[K, A]
	result func(A) R
}

func (r windowRows[K, A, R]) Get(key state.Windowed[K]) (row R, timeMs int64, ok bool, err error) {
	return r.row(key, r.store.GetWithTime)
}

// GetStill, Age and Oldest implement graph.Fading.
func (r windowRows[K, A, R]) GetStill(key state.Windowed[K]) (row R, timeMs int64, ok bool, err error) {
	return r.row(key, r.store.GetStill)
}

func (r windowRows[K, A, R]) Age(key state.Windowed[K]) int64 { return key.Start }
func (r windowRows[K, A, R]) Oldest() (int64, error)          { return r.store.Oldest() }

func (r windowRows[K, A, R]) row(key state.Windowed[K], get func(K, int64) (A, int64, bool, error)) (row R, timeMs int64, ok bool, err error) {
	acc, timeMs, ok, err := get(key.Key, key.Start)
	if !ok || err != nil {
		return row, 0, false, err
	}
	return r.result(acc), timeMs, true, nil
}

// All lists the rows in the order of time, and then of the encoded keys.
func (r windowRows[K, A, R]) All(visit func(key state.Windowed[K], row R, timeMs int64) error) error {
	var failed error
	err := r.store.AllWithTime(func(key state.Windowed[K], acc A, timeMs int64) bool {
		failed = visit(key, r.result(acc), timeMs)
		return failed == nil
	})
	return cmp.Or(failed, err)
}
