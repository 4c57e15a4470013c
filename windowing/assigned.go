package windowing

import (
	"cmp"
	"math"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

// assigned are windows whose bounds follow from the time of a record alone,
// whatever other records there are.
type assigned interface {
	bounded
	assigner() assigner
}

// assigner is the arithmetic of assigned windows. A window that begins later
// must not end earlier.
type assigner interface {
	// assign appends the windows that a time is in to dst, in the order in which
	// they begin. An error is a mistake in the user's windows.
	assign(dst []window, timeMs int64) ([]window, error)
}

// window are the bounds of a window in milliseconds. The end is not part of it,
// unless spans.inclusive says so.
type window struct{ start, end int64 }

// endOfTime is the end of a window that never closes.
const endOfTime = math.MaxInt64

// assigned is the kind of assigned windows.
func (f folding[K, V, A, R]) assigned(s site[K, A], w assigned) kind[K, V, A, R] {
	addStore(s, f.name, w, f.options)
	return kind[K, V, A, R]{
		keys: windowKeys(s.ks, w),
		view: windowView[K](f.name, f.result),
		instance: func(t graph.Task, o operator[K, V, A, R]) graph.Receiver[K, V] {
			rows := t.Store(f.name).(*store.Window[K, A])
			return &fold[K, V, A, R]{windowed: windowed[K, V, A, R]{o, rows}, byTime: rows, assigner: w.assigner()}
		},
	}
}

// fold is an aggregation in assigned windows.
type fold[K, V, A, R any] struct {
	windowed[K, V, A, R]
	byTime   *store.Window[K, A]
	assigner assigner
	in       []window // scratch: those of the record
}

// Receive puts a record into all its windows that are open, in the order in
// which they begin. Each one that is closed counts as a late record, as in
// Kafka Streams; so does a record from before 1970, which has none.
func (r *fold[K, V, A, R]) Receive(key K, value V, m *graph.Meta) error {
	streamTime, ok, err := r.admit(m)
	if !ok || err != nil {
		return err
	}
	if r.in, err = r.assigner.assign(r.in[:0], m.Time); err != nil {
		return graph.At(r.node, err)
	}
	if len(r.in) == 0 {
		*r.late++
	}
	for _, w := range r.in {
		if r.closed(w, streamTime) {
			err = r.missed(key, value, m, w, streamTime)
		} else {
			err = r.update(key, value, m, w, streamTime)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Flush implements graph.Flusher: the store hears once in a transaction which
// windows are closed.
func (r *fold[K, V, A, R]) Flush(nowMs int64) error {
	err := r.operator.Flush(nowMs)
	r.byTime.Closed(r.spans.oldestOpen(r.clock.Now()))
	return err
}

// ended implements ending. Windows lie in the order in which they begin, which
// is that of their ends.
func (r *windowed[K, V, A, R]) ended(after, until int64, visit func(w state.Windowed[K], row R, timeMs int64) error) (next int64, err error) {
	next = endOfTime
	var failed error
	err = r.store.Since(after-r.spans.longest(), func(w state.Windowed[K], acc A, timeMs int64) bool {
		switch at := r.spans.after(w.End); {
		case at > until:
			next = at
			return false
		case at > after:
			failed = visit(w, r.result(acc), timeMs)
		}
		return failed == nil
	})
	return next, cmp.Or(failed, graph.At(r.node, err))
}

// windowed is an operator whose rows are in a window store.
type windowed[K, V, A, R any] struct {
	operator[K, V, A, R]
	store store.WindowRows[K, A]
}

// update puts a value into one window and sends on the change of its row, which
// gets the highest time of all records that went into it.
func (r *windowed[K, V, A, R]) update(key K, value V, m *graph.Meta, w window, streamTime int64) error {
	var c graph.Change[R]
	acc, time, has, err := r.store.GetWithTime(key, w.start)
	if err != nil {
		return graph.At(r.node, err)
	}
	timeMs := m.Time
	if has {
		timeMs = max(timeMs, time)
		c.Old, c.HasOld = r.result(acc), true
		if !r.plain { // Old must not change with acc
			if acc, _, err = r.store.Get(key, w.start); err != nil {
				return graph.At(r.node, err)
			}
		}
	}
	if acc, has, err = r.added(acc, has, value); err != nil {
		return err
	}
	if has {
		stored, err := r.store.PutWithTime(key, acc, w.start, timeMs)
		if err != nil {
			return graph.At(r.node, err)
		}
		if !stored { // the store knows better: the stream time was lost, with the offsets
			return r.missed(key, value, m, w, streamTime)
		}
		c.New, c.HasNew = r.result(acc), true
	} else if err := r.store.Delete(key, w.start); err != nil {
		return graph.At(r.node, err)
	}
	return r.rows.changed(state.Windowed[K]{Key: key, Start: w.start, End: w.end}, c, timeMs)
}
