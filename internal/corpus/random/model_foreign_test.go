package random

import (
	"bytes"
	"cmp"
	"math"
	"slices"
)

// foreignKey is the key of a row that a record names, nil for none.
func (m *model) foreignKey(i int, key, value any) any {
	s := &m.steps[i]
	if value == nil || s.fn2.holds(key, value) {
		return nil
	}
	return s.fn.to(m.steps[s.in[1]].key, key, value)
}

// answers is the port of a foreign-key join by which it learns of right rows.
const answers = 2

// names is where it is noted that a left row has a foreign key.
type names struct{ key, foreign any }

// answer is what comes back of a right row that was asked for, if any: an
// optional one is none if there is no such row. If it was told of a change, row is
// what the right row was then: one record may change it several times.
type answer struct {
	of       any
	optional bool
	told     bool
	row      any
}

// foreign joins the rows of a table with those of another one that they name
// (reference, 1.8): each with one, or with all of a list.
func (m *model) foreign(i, port int, r record) {
	list := m.steps[i].joins() == foreignList
	switch {
	case r.stale:
	case port == rightSide:
		m.tellAll(i, r)
	case port == answers && list:
		m.answeredPair(i, r)
	case port == answers:
		m.answered(i, r)
	case list:
		m.askEach(i, r)
	default:
		m.ask(i, r)
	}
}

// ask has the join look for the right row of a left one that has changed.
func (m *model) ask(i int, r record) {
	s := &m.steps[i]
	was, is := m.foreignKey(i, r.key, r.old), m.foreignKey(i, r.key, r.value)
	m.put(place{i, r.partition, names{r.key, was}}, row{}, false)
	m.put(place{i, r.partition, names{r.key, is}}, row{}, is != nil)
	left := s.keeps(leftSide)
	if r.old == nil && r.value == nil || !left && was == nil && is == nil {
		return
	}
	a := answer{of: is, optional: !left && is != nil && (was == nil || was == is)}
	if !left && is == nil {
		a.of = was
	}
	m.tell(i, r.partition, r.key, a, r.time)
}

func (m *model) tell(i, partition int, key any, a answer, time int64) {
	m.waiting = append(m.waiting, delivery{m.steps[i].name + "-answers", record{key: key, value: a, time: time, partition: partition}})
}

// tellAll tells all left rows that have the key of a right one, in the order of
// their own keys.
func (m *model) tellAll(i int, r record) {
	var all []place
	for at := range m.rows {
		if n, ok := at.key.(names); ok && at.step == i && n.foreign == r.key {
			all = append(all, at)
		}
	}
	slices.SortFunc(all, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.partition, b.partition), bytes.Compare(encode(a.key.(names).key), encode(b.key.(names).key)))
	})
	for _, at := range all {
		m.tell(i, at.partition, at.key.(names).key, answer{of: r.key, told: true, row: r.value}, r.time)
	}
}

// answered makes a row of the two as they are.
func (m *model) answered(i int, r record) {
	s := &m.steps[i]
	left, _ := m.look(s.in[0], r.partition, r.key, math.MaxInt64)
	foreign := func(at any) (any, int64) {
		if at == nil {
			return nil, 0
		}
		return m.look(s.in[1], partition(at, m.flows[s.in[1]].partitions), at, math.MaxInt64)
	}
	a := r.value.(answer)
	named := m.foreignKey(i, r.key, left)
	right, _ := foreign(named)
	_, time := foreign(a.of)
	if a.told && named == a.of {
		right, time = a.row, 0
	}
	if right == nil && a.optional {
		return
	}
	r.time = max(r.time, time)
	at := place{i, r.partition, r.key}
	if r.value = nil; left != nil && (right != nil || s.keeps(leftSide)) {
		r.value = paired(left, right)
	}
	r.old = m.rows[at].value
	m.put(at, row{value: r.value, time: r.time}, r.value != nil)
	m.emit(i, r)
}
