package random

import (
	"bytes"
	"cmp"
	"slices"
)

// lookup joins a record of a stream with a row (reference, 1.6).
func (m *model) lookup(i, port int, r record) {
	s := &m.steps[i]
	if port == rightSide {
		return
	}
	now := m.tick(i, r)
	m.awake(i, r, now)
	if r.value == nil || r.key == nil && !s.keeps(leftSide) {
		return
	}
	if s.grace == 0 || r.key == nil || r.time < now-s.grace {
		m.seek(i, r)
	} else {
		m.wait(i, r)
	}
	m.release(i, r.partition, now)
}

// patience is where the records are that wait for rows.
type patience struct{}

func (m *model) wait(i int, r record) {
	at := place{i, r.partition, patience{}}
	all, _ := m.rows[at].value.([]record)
	m.rows[at] = row{value: append(slices.Clip(all), r)}
}

// release looks up the rows for records that have waited long enough, by time and
// key.
func (m *model) release(i, partition int, now int64) {
	at := place{i, partition, patience{}}
	all, _ := m.rows[at].value.([]record)
	var due, rest []record
	for _, r := range all {
		if r.time <= now-m.steps[i].grace {
			due = append(due, r)
		} else {
			rest = append(rest, r)
		}
	}
	m.rows[at] = row{value: rest}
	slices.SortStableFunc(due, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.time, b.time), bytes.Compare(encode(a.key), encode(b.key)))
	})
	for _, r := range due {
		m.seek(i, r)
	}
}

func (m *model) seek(i int, r record) {
	s := &m.steps[i]
	var found any
	if r.key != nil {
		found, _ = m.look(s.in[rightSide], r.partition, r.key, r.time)
	}
	m.found(i, r, found)
}

// lookupGlobal joins a record of a stream with a row of a global table.
func (m *model) lookupGlobal(i int, r record) {
	s := &m.steps[i]
	if r.value == nil {
		return
	}
	key := r.key
	if key == nil {
		key = m.steps[s.in[0]].key.zero()
	}
	var found any
	if at := m.foreignKey(i, key, r.value); at != nil {
		found = m.rows[place{step: s.in[1], key: at}].value
	}
	m.found(i, r, found)
}

func (m *model) found(i int, r record, row any) {
	if row == nil && !m.steps[i].keeps(leftSide) {
		return
	}
	r.value = paired(r.value, row)
	m.emit(i, r)
}
