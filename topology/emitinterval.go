package topology

import (
	"cmp"
	"errors"
	"math"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/serde"
)

// interval keeps which rows have changed in a store, and what was emitted of
// them last, so that a restart forgets neither.
type interval[K, R any] struct {
	emission[K, R]
	emitted *store.KeyValue[K, emitted[R]]
	// oldest is the Age of the oldest row that has changed, or less; for rows
	// that go by themselves.
	oldest int64
}

// emitted is a row as those behind a table know it, which may be that there is
// none.
type emitted[R any] struct {
	row R
	has bool
}

// Start schedules what is sent on.
func (r *interval[K, R]) Start() error {
	r.schedule(r.emit)
	return nil
}

// Finish sends on what has changed since the last interval: none ends any more.
func (r *interval[K, R]) Finish(nowMs int64) error { return r.call(nowMs, r.emit) }

// Flush sends on the rows that have gone by themselves before the interval was
// over: the commit takes them out of their store.
func (r *interval[K, R]) Flush(int64) error {
	if r.fading == nil {
		return nil
	}
	oldest, err := r.fading.Oldest()
	if err != nil || oldest <= r.oldest {
		return graph.At(r.node, err)
	}
	r.oldest = math.MaxInt64
	return r.emitIf(func(key K) bool {
		age := r.fading.Age(key)
		if age >= oldest {
			r.oldest = min(r.oldest, age)
		}
		return age < oldest
	})
}

func (r *interval[K, R]) Receive(key K, c graph.Change[R], m *graph.Meta) error {
	if c.Stale {
		return nil
	}
	if r.fading != nil {
		r.oldest = min(r.oldest, r.fading.Age(key))
	}
	old, known, err := r.emitted.Get(key)
	if err != nil {
		return graph.At(r.node, err)
	}
	if !known {
		old = emitted[R]{c.Old, c.HasOld}
	}
	return graph.At(r.node, r.emitted.PutWithTime(key, old, m.Time))
}

func (r *interval[K, R]) emit() error { return r.emitIf(func(K) bool { return true }) }

// emitIf sends on the changed rows that due says.
func (r *interval[K, R]) emitIf(due func(key K) bool) error {
	var failed error
	err := r.emitted.AllWithTime(func(key K, old emitted[R], timeMs int64) bool {
		if !due(key) {
			return true
		}
		if failed = r.latest(key, old, timeMs); failed == nil {
			failed = graph.At(r.node, r.emitted.Delete(key))
		}
		return failed == nil
	})
	return graph.At(r.node, cmp.Or(failed, err))
}

// emittedSerde writes a version, whether there was a row, and the row.
type emittedSerde[R any] struct {
	rows serde.Serde[R]
}

const emittedVersion = 1

var errEmitted = errors.New("no entry of an emission store, or one of a newer version: upgrade this program")

func (s emittedSerde[R]) Append(dst []byte, v emitted[R]) ([]byte, error) {
	if !v.has {
		return append(dst, emittedVersion, 0), nil
	}
	return s.rows.Append(append(dst, emittedVersion, 1), v.row)
}

func (s emittedSerde[R]) Decode(b []byte) (v emitted[R], err error) {
	if len(b) < 2 || b[0] != emittedVersion || b[1] > 1 || b[1] == 0 && len(b) > 2 {
		return v, errEmitted
	}
	if v.has = b[1] == 1; v.has {
		v.row, err = s.rows.Decode(b[2:])
	}
	return v, err
}

// SerdeName is that of the rows' serde.
func (s emittedSerde[R]) SerdeName() string { return "emitted " + serde.NameOf(s.rows) }

// ForTopic asks the rows' serde, if it wants to know.
func (s emittedSerde[R]) ForTopic(topic string, role serde.Role) (serde.Serde[emitted[R]], error) {
	rows, err := graph.OfTopic(s.rows, topic, role)
	return emittedSerde[R]{rows}, err
}
