package windowing

import (
	"slices"
	"time"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

// sessions is the kind of session windows.
func (f folding[K, V, A, R]) sessions(s site[K, A], w SessionWindows) kind[K, V, A, R] {
	if f.merge == nil && f.callback == nil {
		s.b.Errorf(s.n.Line, "%s: the aggregation has no Merge, which makes one accumulator of those of sessions that become one", s.n.Op)
	}
	by, ok := w.by.(func(V) time.Duration)
	if w.by != nil && !ok {
		s.b.Errorf(s.n.Line, "%s: the values are %s and the function of SessionsBy takes %s", s.n.Op, graph.TypeName[V](), w.takes)
	}
	addSessionStore(s, f.name, w, f.options)
	return kind[K, V, A, R]{
		keys: state.SessionSerde(s.ks),
		view: sessionView[K](f.name, f.result, w.by == nil),
		instance: func(t graph.Task, o operator[K, V, A, R]) graph.Receiver[K, V] {
			return &session[K, V, A, R]{operator: o, store: t.Store(f.name).(*store.Session[K, A]), gap: w.gap.Milliseconds(), by: by}
		},
	}
}

// session is an aggregation in sessions.
type session[K, V, A, R any] struct {
	operator[K, V, A, R]
	store *store.Session[K, A]
	gap   int64
	by    func(V) time.Duration // nil if the gap is the same for all
	found []store.Found[K, A]   // scratch: the sessions that the record merges
}

// Receive puts a record into a session: one that it makes of itself and of all
// those that it reaches and that are not closed, even if the store has them
// still.
//
//	found   [---]      [------]
//	record        |
//	merged  [-----------------]
//
// The found ones are deleted then, unless the only one is of the record's own
// moment and stays what it is. A record from before 1970 has no session.
func (r *session[K, V, A, R]) Receive(key K, value V, m *graph.Meta) error {
	streamTime, ok, err := r.admit(m)
	if !ok || err != nil {
		return err
	}
	if m.Time < 0 {
		*r.late++
		return nil
	}
	own, earliestEnd, latestStart := r.reach(value, m)
	if r.by == nil { // as in Kafka Streams: see spans
		oldest, err := r.store.Oldest()
		if err != nil {
			return graph.At(r.node, err)
		}
		earliestEnd = max(earliestEnd, oldest+1)
	}
	r.found, err = r.store.Find(r.found[:0], key, earliestEnd, latestStart)
	if err != nil {
		return graph.At(r.node, err)
	}
	defer clear(r.found) // of values
	r.found = slices.DeleteFunc(r.found, func(f store.Found[K, A]) bool {
		return r.closed(window{f.At.Start, f.At.End}, streamTime)
	})
	w, timeMs := own, m.Time
	for i := range r.found {
		f := &r.found[i]
		w.start, w.end = min(w.start, f.At.Start), max(w.end, f.At.End)
		timeMs = max(timeMs, r.timeOf(f))
	}
	if r.closed(w, streamTime) {
		return r.missed(key, value, m, w, streamTime)
	}
	at := state.Windowed[K]{Key: key, Start: w.start, End: w.end}
	stays := len(r.found) == 1 && w == own && r.found[0].At.Start == w.start && r.found[0].At.End == w.end
	acc, has, old, err := r.merged(stays)
	if err != nil {
		return err
	}
	if w.end < earliestEnd { // there may be one that the search did not show
		if old, err = r.replaced(at); err != nil {
			return err
		}
	}
	if acc, has, err = r.added(acc, has, value); err != nil {
		return err
	}
	if has {
		writtenMs := m.Time // as in Kafka Streams: the row's time is its end
		if r.by != nil {
			writtenMs = timeMs
		}
		stored, err := r.store.Write(at, acc, writtenMs, !old.HasOld)
		if err != nil {
			return graph.At(r.node, err)
		}
		if !stored { // the store knows better: the stream time was lost, with the offsets
			return r.missed(key, value, m, w, streamTime)
		}
		old.New, old.HasNew = r.result(acc), true
	} else if old.HasOld {
		if err := r.store.Remove(at); err != nil {
			return graph.At(r.node, err)
		}
	}
	return r.rows.changed(at, old, timeMs)
}

// reach is the session that a record makes by itself, and where others begin and
// end that it merges with.
func (r *session[K, V, A, R]) reach(value V, m *graph.Meta) (own window, earliestEnd, latestStart int64) {
	t := m.Time
	if r.by == nil {
		return window{t, t}, t - r.gap, t + min(r.gap, endOfTime-t)
	}
	gap := int64(0)
	if m.HasValue {
		gap = min(max(0, r.by(value).Milliseconds()), r.gap)
	}
	end := t + min(gap, endOfTime-t)
	return window{t, end}, t, end
}

// timeOf is the event time of a session's row.
func (r *session[K, V, A, R]) timeOf(f *store.Found[K, A]) int64 {
	if r.by == nil {
		return f.At.End
	}
	return f.TimeMs
}

// merged is one accumulator of those that were found; has is false if there is
// none. What was found is deleted, or if it stays it becomes the old row of the
// change.
func (r *session[K, V, A, R]) merged(stays bool) (acc A, has bool, c graph.Change[R], err error) {
	for i := range r.found {
		f := &r.found[i]
		c = graph.Change[R]{Old: r.result(f.Value), HasOld: true}
		if !r.plain { // Old must not change with acc
			if f.Value, _, err = r.store.Get(f.At.Key, f.At.Start, f.At.End); err != nil {
				return acc, false, c, graph.At(r.node, err)
			}
		}
		if !stays {
			if err = r.store.Remove(f.At); err != nil {
				return acc, false, c, graph.At(r.node, err)
			}
			if err = r.rows.changed(f.At, c, r.timeOf(f)); err != nil {
				return acc, false, c, err
			}
			c = graph.Change[R]{}
		}
		if !has {
			acc, has = f.Value, true
		} else if acc, has, err = r.orNull(r.merge(acc, f.Value)); err != nil {
			return acc, false, c, err
		}
	}
	return acc, has, c, nil
}

// replaced is the change of a session that takes the place of another one with
// the same bounds, if the store has it.
func (r *session[K, V, A, R]) replaced(at state.Windowed[K]) (c graph.Change[R], err error) {
	acc, ok, err := r.store.Get(at.Key, at.Start, at.End)
	if err != nil || !ok {
		return c, graph.At(r.node, err)
	}
	return graph.Change[R]{Old: r.result(acc), HasOld: true}, nil
}

// ended implements closing.
func (r *session[K, V, A, R]) ended(after, until int64, visit func(w state.Windowed[K], row R, timeMs int64) error) (next int64, err error) {
	var failed error
	next, err = r.store.Ended(after, until-1, func(f store.Found[K, A]) error {
		failed = visit(f.At, r.result(f.Value), r.timeOf(&f))
		return failed
	})
	switch {
	case failed != nil:
		return 0, failed
	case err != nil:
		return 0, graph.At(r.node, err)
	}
	return r.spans.after(next), nil
}
