package windowing

import (
	"slices"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/internal/store"
	"github.com/millrace-io/millrace/state"
)

// sliding is the kind of sliding windows.
func (f folding[K, V, A, R]) sliding(s site[K, A], w SlidingWindows) kind[K, V, A, R] {
	addStore(s, f.name, w, f.options)
	return kind[K, V, A, R]{
		keys: windowKeys(s.ks, w),
		view: windowView[K](f.name, f.result),
		instance: func(t graph.Task, o operator[K, V, A, R]) graph.Receiver[K, V] {
			rows := t.Store(f.name).(*store.WindowByKey[K, A])
			r := &sliding[K, V, A, R]{windowed: windowed[K, V, A, R]{o, rows}, byKey: rows, size: w.difference.Milliseconds()}
			r.note, r.noteBack = r.see, r.seeBack
			return r
		},
	}
}

// sliding is an aggregation in sliding windows.
type sliding[K, V, A, R any] struct {
	windowed[K, V, A, R]
	byKey *store.WindowByKey[K, A]
	size  int64

	at             int64      // the time of the record in hand
	seen           []interval // windows of its key near that, as they were
	note, noteBack func(startMs, timeMs int64) bool
}

// interval is a window that is there, and the highest time of its records.
type interval struct{ start, timeMs int64 }

// seed is what a new window begins with: the row of another one.
type seed[A any] struct {
	acc    A
	timeMs int64
	has    bool
}

// Receive puts a record into its windows, and makes those that it brings about.
func (r *sliding[K, V, A, R]) Receive(key K, value V, m *graph.Meta) error {
	if m.HasKey && !m.HasValue { // does not move the stream time, as in Kafka Streams
		*r.nullValue++
		return nil
	}
	streamTime, ok, err := r.admit(m)
	if !ok || err != nil {
		return err
	}
	if m.Time < 0 {
		*r.late++
		return nil
	}
	if last := r.from(m.Time); r.closed(last, streamTime) {
		return r.missed(key, value, m, last, streamTime)
	}
	r.at, r.seen = m.Time, r.seen[:0]
	d := datum[K, V]{key, value, m, streamTime}
	if m.Time < r.size {
		return r.early(d)
	}
	return r.usual(d)
}

// datum is a record, and the stream time with it.
type datum[K, V any] struct {
	key        K
	value      V
	m          *graph.Meta
	streamTime int64
}

// from is the window that begins at a time.
func (r *sliding[K, V, A, R]) from(start int64) window {
	return window{start, start + min(r.size, endOfTime-start)}
}

func (r *sliding[K, V, A, R]) see(startMs, timeMs int64) bool {
	r.seen = append(r.seen, interval{startMs, timeMs})
	return true
}

// seeBack ends with the first window that is over before the record.
func (r *sliding[K, V, A, R]) seeBack(startMs, timeMs int64) bool {
	r.see(startMs, timeMs)
	return startMs+r.size >= r.at
}

func (r *sliding[K, V, A, R]) saw(start int64) bool {
	return slices.ContainsFunc(r.seen, func(i interval) bool { return i.start == start })
}

// usual is for records whose windows all begin in 1970 or later. It looks at the
// windows of the key from the latest to the earliest, until one that is over
// before the record: that has the record before it.
//
//	             at-size     at       at+size
//	latest                    [-----------]   behind the record: there already
//	                   [-----------]          has the record in it
//	              [-----------]               ends with the record
//	earliest  [-----------]                   is over; its latest record is the one before
func (r *sliding[K, V, A, R]) usual(d datum[K, V]) error {
	at := r.at
	if err := r.byKey.Times(d.key, max(0, at-2*r.size), at+min(1, endOfTime-at), true, r.noteBack); err != nil {
		return graph.At(r.node, err)
	}
	var left, right seed[A]
	var err error
	var split, before bool // a window has the record in it; there is a record before
	var previous, leftOf int64
	for _, w := range r.seen {
		end := w.start + r.size
		switch {
		case w.start > at:
			continue
		case end < at:
			previous, leftOf, before = w.timeMs, w.start, true
			continue
		case end == at && w.timeMs < at:
			previous, before = w.timeMs, true
		case end > at && !split:
			split = true
			if right, err = r.behind(d.key, w); err != nil {
				return err
			}
		}
		if err := r.put(d, w.start, seed[A]{}); err != nil {
			return err
		}
	}
	if before && previous+1+r.size >= at && !r.saw(previous+1) {
		if err := r.put(d, previous+1, seed[A]{}); err != nil {
			return err
		}
	}
	if before && previous+1 == at-r.size && !r.saw(previous+1) {
		if err := r.again(d.key, previous+1); err != nil {
			return err
		}
	} else if !r.saw(at - r.size) {
		if before && previous >= at-r.size {
			if left, err = r.seedOf(d.key, leftOf); err != nil {
				return err
			}
		}
		if err := r.put(d, at-r.size, left); err != nil {
			return err
		}
	}
	return r.open(d, right)
}

// early is for records that have a window which would begin before 1970: the
// one that begins then holds all of these.
func (r *sliding[K, V, A, R]) early(d datum[K, V]) error {
	at := r.at
	if err := r.byKey.Times(d.key, 0, at+min(1, endOfTime-at), false, r.note); err != nil {
		return graph.At(r.node, err)
	}
	var right seed[A]
	var err error
	var before bool
	var previous int64
	var last *interval // the window that the record splits
	for i := range r.seen {
		w := &r.seen[i]
		switch {
		case w.start > at:
		case w.start > 0:
			last = w
		case w.timeMs < at:
			previous, before = w.timeMs, true
		default:
			last = w
		}
	}
	if last != nil {
		if right, err = r.behind(d.key, *last); err != nil {
			return err
		}
	}
	for _, w := range r.seen {
		if w.start > 0 && w.start <= at {
			if err := r.put(d, w.start, seed[A]{}); err != nil {
				return err
			}
		}
	}
	if err := r.open(d, right); err != nil {
		return err
	}
	if before && !r.saw(previous+1) {
		if err := r.put(d, previous+1, seed[A]{}); err != nil {
			return err
		}
	}
	return r.put(d, 0, seed[A]{})
}

// behind is what the window that begins behind the record has, if it needs one:
// the row of the latest window with the record in it, before that gets it, if
// there are later records. All of its earlier ones are the record's own time at
// most, or the record would lie in a later window.
func (r *sliding[K, V, A, R]) behind(key K, w interval) (seed[A], error) {
	if w.timeMs <= r.at || r.saw(r.at+1) {
		return seed[A]{}, nil
	}
	return r.seedOf(key, w.start)
}

func (r *sliding[K, V, A, R]) seedOf(key K, start int64) (s seed[A], err error) {
	s.acc, s.timeMs, s.has, err = r.store.GetWithTime(key, start)
	return s, graph.At(r.node, err)
}

// put puts the record into a window, which begins with a seed if it is new.
func (r *sliding[K, V, A, R]) put(d datum[K, V], start int64, s seed[A]) error {
	w := r.from(start)
	switch {
	case r.closed(w, d.streamTime):
		return r.missed(d.key, d.value, d.m, w, d.streamTime)
	case !s.has:
		return r.update(d.key, d.value, d.m, w, d.streamTime)
	}
	acc, has, err := r.added(s.acc, true, d.value)
	if !has || err != nil {
		return err
	}
	return r.make(d, w, acc, d.m.Time)
}

// again sends on a row that has just been made once more: Kafka Streams does, if
// the window behind the record before is the one that ends with the record.
func (r *sliding[K, V, A, R]) again(key K, start int64) error {
	acc, timeMs, has, err := r.store.GetWithTime(key, start)
	if !has || err != nil {
		return graph.At(r.node, err)
	}
	w, row := r.from(start), r.result(acc)
	return r.rows.changed(state.Windowed[K]{Key: key, Start: w.start, End: w.end}, graph.Change[R]{Old: row, HasOld: true, New: row, HasNew: true}, timeMs)
}

// open makes the window that begins behind the record, if there is something to
// put into it. It has no part of the record.
func (r *sliding[K, V, A, R]) open(d datum[K, V], s seed[A]) error {
	if !s.has {
		return nil
	}
	return r.make(d, r.from(r.at+1), s.acc, s.timeMs)
}

// make stores a new row and sends it on.
func (r *sliding[K, V, A, R]) make(d datum[K, V], w window, acc A, timeMs int64) error {
	stored, err := r.store.PutWithTime(d.key, acc, w.start, timeMs)
	if err != nil {
		return graph.At(r.node, err)
	}
	if !stored { // the store knows better: the stream time was lost, with the offsets
		return r.missed(d.key, d.value, d.m, w, d.streamTime)
	}
	return r.rows.changed(state.Windowed[K]{Key: d.key, Start: w.start, End: w.end}, graph.Change[R]{New: r.result(acc), HasNew: true}, timeMs)
}
