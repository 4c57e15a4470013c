package joins

import "github.com/millrace-io/millrace/internal/graph"

// foreignAnswers are what the tasks of foreign keys answer.
type foreignAnswers[K, L, KR, R, KO, V any] struct {
	*foreignLeft[K, L, KR, R, KO, V]
}

// Receive makes a row of the left row and the right one. An answer to another
// left row than the present one is out of date: either the present one has been
// sent after it, or there is none.
func (f foreignAnswers[K, L, KR, R, KO, V]) Receive(of KO, a answered[R], m *graph.Meta) error {
	r := f.foreignLeft
	if !m.HasKey || !m.HasValue {
		*r.nullKey++
		return nil
	}
	r.m = graph.Meta{Time: m.Time}
	key := r.ownerOf(of)
	row, _, has, err := r.rows.Get(key)
	if err != nil {
		return graph.At(r.node, err)
	}
	now, err := r.digest(row, has)
	if err != nil {
		return graph.At(r.node, err)
	}
	if now != a.to {
		*r.outOfDate++
		return f.outOfDate(of, a, key, row, has, now)
	}
	made := has && (a.row.OK || !r.inner)
	if made && !a.row.OK && r.many {
		if _, made, err = f.among(of, key, row, has); err != nil {
			return err
		}
	}
	if !made {
		return f.set(of, *new(V), false)
	}
	return f.set(of, r.join(key, row, a.row), true)
}

// outOfDate deals with an answer to another left row. There is more to do than
// to drop it only if it says that there is no right row, and there is a result:
//
//	left task                                      right task
//	row 1 of key x      -- answer if any -->       x is there
//	result of row 1     <-- x --
//	                                               x is deleted
//	row 2 of key x      -- answer if any -->  <-- none, for row 1 --
//	drops the answer                               x is not there: says nothing
//
// and the result of row 1 would stay for ever, as it does in Kafka Streams. So
// the question is asked once more, with the wish for an answer in any case.
func (f foreignAnswers[K, L, KR, R, KO, V]) outOfDate(of KO, a answered[R], key K, row L, has bool, now digest) error {
	r := f.foreignLeft
	if a.row.OK || !r.inner && !r.many {
		return nil // a left join gets an answer to each row
	}
	if _, had, err := r.results.Get(of); err != nil || !had {
		return graph.At(r.node, err)
	}
	i, still, err := f.among(of, key, row, has)
	switch {
	case err != nil:
		return err
	case !still:
		return f.set(of, *new(V), false)
	case !r.inner:
		return nil
	}
	return r.send(r.now.at(i), key, r.now.keys[i], answer, now)
}

// among is the place in r.now of the foreign key that makes a result of a left
// row, if it has that.
func (f foreignAnswers[K, L, KR, R, KO, V]) among(of KO, key K, row L, has bool) (i int, ok bool, err error) {
	r := f.foreignLeft
	if err := r.list(&r.now, key, row, has); err != nil {
		return 0, false, err
	}
	if !r.many {
		return 0, r.now.len() > 0, nil
	}
	if r.key, err = r.foreign.Append(r.key[:0], r.foreignOf(of)); err != nil {
		return 0, false, refused(r.node, "foreign key", r.topic, err)
	}
	i, ok = r.now.find(r.key)
	return i, ok, nil
}

// set makes a row of the result the given one, or deletes it, and sends that on,
// also if there was none, as Kafka Streams does.
func (f foreignAnswers[K, L, KR, R, KO, V]) set(of KO, row V, has bool) error {
	r := f.foreignLeft
	old, had, err := r.results.Get(of)
	if err != nil {
		return graph.At(r.node, err)
	}
	if has {
		err = r.results.PutWithTime(of, row, r.m.Time)
	} else {
		err = r.results.Delete(of)
	}
	if err != nil {
		return graph.At(r.node, err)
	}
	r.m.HasKey, r.m.HasValue = true, has
	return r.out.Receive(of, graph.Change[V]{New: row, Old: old, HasNew: has, HasOld: had}, &r.m)
}
