package joins

import (
	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/serde"
	"github.com/millrace-io/millrace/state"
)

// joining makes rows of those that its sides have looked up.
type joining[K, A, V any] struct {
	sides []side[K, A]
	make  func(key K, a *A) V
	a     A
}

// row is the row of key before or since a change, if there is one.
func (j *joining[K, A, V]) row(key K, w when) (row V, ok bool) {
	for _, s := range j.sides {
		has := s.has(w)
		if !has && s.needed() {
			return row, false
		}
		ok = ok || has
	}
	if !ok {
		return row, false
	}
	j.a = *new(A)
	for _, s := range j.sides {
		s.set(&j.a, w)
	}
	return j.make(key, &j.a), true
}

// tableNode sends on what the changes of its sides mean for rows of the join.
type tableNode[K, A, V any] struct {
	joining[K, A, V]
	node    *graph.Node
	store   state.KeyValue[K, V] // nil if rows are computed on demand
	out     graph.Receiver[K, graph.Change[V]]
	holding *holding[K] // nil if no record changes several sides
	dropped *uint64
	m       graph.Meta
}

func (r *tableNode[K, A, V]) stale() { *r.dropped++ }

// send looks up the sides that do not change.
func (r *tableNode[K, A, V]) send(key K) error {
	for _, s := range r.sides {
		if s.changed() {
			continue
		}
		if err := s.look(key, 0); err != nil {
			return graph.At(r.node, err)
		}
		if s.needed() && !s.has(since) {
			return nil
		}
	}
	return r.forward(key)
}

// forward sends on the row of a key, of which the sides know all, as Kafka
// Streams does: also a delete of one that was never there, unless it is for a
// side that has no row and is needed, or for all of them.
func (r *tableNode[K, A, V]) forward(key K) error {
	some, timeMs := false, int64(0)
	for _, s := range r.sides {
		has := s.has(before) || s.has(since)
		if !has && s.needed() && !s.changed() {
			return nil
		}
		some, timeMs = some || has, max(timeMs, s.time())
	}
	if !some {
		return nil
	}
	var c graph.Change[V]
	var err error
	if c.New, c.HasNew = r.row(key, since); r.store == nil {
		c.Old, c.HasOld = r.row(key, before)
	} else {
		c.Old, c.HasOld, err = r.kept(key, c.New, c.HasNew, timeMs)
	}
	if err != nil {
		return graph.At(r.node, err)
	}
	r.m = graph.Meta{Time: timeMs, HasKey: true, HasValue: c.HasNew}
	return r.out.Receive(key, c, &r.m)
}

// kept puts a row into the store, and returns the one that was there.
func (r *tableNode[K, A, V]) kept(key K, row V, has bool, timeMs int64) (old V, had bool, err error) {
	if old, had, err = r.store.Get(key); err != nil {
		return old, false, err
	}
	if has {
		err = r.store.PutWithTime(key, row, timeMs)
	} else {
		err = r.store.Delete(key)
	}
	return old, had, err
}

// holding are the rows that a record changes, in the order of their first
// changes, until it has been through all nodes. Else the change of the first
// side would meet the new row of another one that has yet to say so.
type holding[K any] struct {
	ks    serde.Serde[K]
	keys  []K
	place map[string]int // in keys, by encoded key
	enc   []byte         // scratch
}

func (r *tableNode[K, A, V]) hold(key K) (place int, err error) {
	h := r.holding
	if h == nil {
		return -1, nil
	}
	if h.enc, err = h.ks.Append(h.enc[:0], key); err != nil {
		return 0, graph.At(r.node, err)
	}
	place, ok := h.place[string(h.enc)]
	if !ok {
		place = len(h.keys)
		h.place[string(h.enc)] = place
		h.keys = append(h.keys, key)
	}
	return place, nil
}

// Complete implements graph.Completer.
func (r *tableNode[K, A, V]) Complete() error {
	for place, key := range r.holding.keys {
		for _, s := range r.sides {
			if err := s.take(place, key); err != nil {
				return graph.At(r.node, err)
			}
		}
		if err := r.forward(key); err != nil {
			return err
		}
	}
	r.drop()
	return nil
}

// Mark does nothing: what is held is sent on before the next record begins.
func (r *tableNode[K, A, V]) Mark() {}

// Undo drops what a record that failed has changed.
func (r *tableNode[K, A, V]) Undo() { r.drop() }

func (r *tableNode[K, A, V]) drop() {
	h := r.holding
	if len(h.keys) == 0 {
		return
	}
	clear(h.keys)
	clear(h.place)
	h.keys = h.keys[:0]
	for _, s := range r.sides {
		s.forget()
	}
}

// joinedRows are rows computed on demand.
type joinedRows[K, A, V any] struct {
	node *graph.Node
	joining[K, A, V]
}

// Get returns the row with the latest time of those that it is made of.
func (r *joinedRows[K, A, V]) Get(key K) (row V, timeMs int64, ok bool, err error) {
	timeMs = -1
	for _, s := range r.sides {
		if err := s.look(key, 0); err != nil {
			return row, 0, false, graph.At(r.node, err)
		}
		if has := s.has(since); has {
			timeMs = max(timeMs, s.time())
		} else if s.needed() {
			return row, 0, false, nil
		}
	}
	row, ok = r.row(key, since)
	return row, timeMs, ok, nil
}
