package random

import (
	"bytes"
	"cmp"
	"slices"
)

// The model of what holds records back, and of what looks for duplicates: lists
// of all of them (reference, 1.7; package windowing).

// heldKey is where a record is held back, passedOf when those of an id passed.
type (
	heldKey  struct{ key any }
	passedOf struct{ id any }
)

// heldBack is a record that passes when it has waited since a time.
type heldBack struct {
	record
	since int64
}

// suppress holds back the change of a row: the last one passes in the turn of the
// first, and takes the place of the row before that. A stale one is not the row's.
func (m *model) suppress(i int, r record) {
	s := &m.steps[i]
	now := m.tick(i, r)
	at := place{i, r.partition, heldKey{r.key}}
	if r.stale {
		m.pass(i, r.partition, now)
		return
	}
	h, has := m.rows[at].value.(heldBack)
	if !has {
		h.old, h.since = r.old, r.time
		if s.hold.close {
			h.since = r.key.(span).end
		}
	}
	r.old = h.old
	m.rows[at] = row{value: heldBack{r, h.since}}
	m.pass(i, r.partition, now)
}

// deduplicate lets the first record of an id pass, or holds back the last one.
func (m *model) deduplicate(i int, r record) {
	s := &m.steps[i]
	now := m.tick(i, r)
	if s.hold.last {
		m.pass(i, r.partition, now)
	}
	switch {
	case r.value == nil:
		m.emit(i, r)
		return
	case r.time+s.hold.wait <= now:
		m.tooLate(i, r, span{start: r.time, end: r.time + s.hold.wait}, now-r.time-s.hold.wait, now)
		return
	}
	id := m.heldID(i, r)
	if s.hold.last {
		at := place{i, r.partition, heldKey{id}}
		h, has := m.rows[at].value.(heldBack)
		if !has {
			h.since = r.time
		}
		if !has || r.time >= h.time {
			m.rows[at] = row{value: heldBack{r, h.since}}
		}
		return
	}
	at := place{i, r.partition, passedOf{id}}
	passed := m.rows[at].values
	for _, before := range passed {
		if apart := before.(int64) - r.time; -s.hold.wait < apart && apart < s.hold.wait {
			return
		}
	}
	m.rows[at] = row{values: append(slices.Clip(passed), r.time)}
	m.emit(i, r)
}

// pass lets pass what has waited long enough at a stream time, and what is too
// much: in the order of time, and then of the encoded keys.
func (m *model) pass(i, partition int, now int64) {
	s := &m.steps[i]
	var all []heldBack
	for at, row := range m.rows {
		if h, is := row.value.(heldBack); is && at.step == i && at.partition == partition {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b heldBack) int {
		return cmp.Or(cmp.Compare(a.since, b.since), bytes.Compare(m.encodedID(i, a.record), m.encodedID(i, b.record)))
	})
	for n, h := range all {
		if h.since > now-s.hold.wait && (s.hold.most == 0 || len(all)-n <= s.hold.most) {
			return
		}
		delete(m.rows, place{i, partition, heldKey{m.heldID(i, h.record)}})
		if s.hold.close && h.value == nil {
			continue // that a window has no row is no news
		}
		m.emit(i, h.record)
	}
}

// heldID is what only one record is held back of: the id of duplicates, or the key.
func (m *model) heldID(i int, r record) any {
	s := &m.steps[i]
	if s.op == "suppress" {
		return r.key
	}
	if r.key == nil {
		r.key = m.steps[s.in[0]].key.zero()
	}
	return s.fn.to(text, r.key, r.value)
}

func (m *model) encodedID(i int, r record) []byte { return m.encoded(i, m.heldID(i, r)) }

// encoded is a key of the rows of a step.
func (m *model) encoded(i int, key any) []byte {
	if at, is := key.(span); is {
		by := m.windowsBefore(i).by
		return at.encoded(by == sessions || by == sessionsBy)
	}
	return encode(key)
}
