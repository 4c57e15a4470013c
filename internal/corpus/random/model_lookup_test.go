package random

import (
	"bytes"
	"cmp"
	"math"
	"slices"
)

// look is the row that a table has of a key, as of a time if it is versioned: it
// has a time of its own.
func (m *model) look(i, partition int, key any, asOf int64) (value any, time int64) {
	s := &m.steps[i]
	r, has := m.row(place{i, partition, key})
	switch {
	case s.joins() == tablesJoin && !s.stored:
		var sides []any
		for side := range s.in {
			row := m.unchanged(i, side, partition, key)
			sides, time = append(sides, row.now), max(time, row.time)
		}
		if value = s.joined(sides); value == nil {
			return nil, 0
		}
		return value, time
	case s.derived() && !s.stored:
		from, time := m.look(s.in[0], partition, key, asOf)
		if value = s.row(key, from); value == nil {
			return nil, 0
		}
		return value, time
	case s.history > 0 && asOf < r.time:
		return m.past(i, r, m.rows[place{i, partition, nil}].time-s.history, asOf), asOf
	case !has || s.history > 0 && r.value == nil:
		return nil, 0
	}
	return s.shown(r), r.time
}

// past is what a row was at a time, which nobody knows before the history
// begins.
func (m *model) past(i int, r row, begin, asOf int64) (value any) {
	if asOf < begin {
		return nil
	}
	since := int64(-1)
	for _, v := range r.values {
		if v := v.(version); since <= v.time && v.time <= asOf {
			value, since = v.value, v.time
		}
	}
	return value
}

// lookup joins a record of a stream with a row (reference, 1.6).
func (m *model) lookup(i, port int, r record) {
	s := &m.steps[i]
	if port == rightSide {
		return
	}
	now := m.tick(i, r)
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

// foreignKey is the key of a row that a record names, nil for none.
func (m *model) foreignKey(i int, key, value any) any {
	s := &m.steps[i]
	if value == nil || s.fn2.holds(key, value) {
		return nil
	}
	return s.fn.to(m.steps[s.in[1]].key, key, value)
}

// sideRow is a row of a side of a join before a record and since.
type sideRow struct {
	old, now any
	time     int64
	changed  bool
}

// heldRow is a row that the record in hand changes.
type heldRow struct {
	place
	sides []sideRow
}

func (m *model) unchanged(i, side, partition int, key any) sideRow {
	value, time := m.look(m.steps[i].in[side], partition, key, math.MaxInt64)
	return sideRow{old: value, now: value, time: time}
}

// tables joins the rows of two tables (reference, 1.7).
func (m *model) tables(i, port int, r record) {
	if r.stale {
		return
	}
	at := place{i, r.partition, r.key}
	change := sideRow{r.old, r.value, r.time, true}
	if m.steps[i].holds {
		m.hold(at, port, change)
		return
	}
	sides := make([]sideRow, len(m.steps[i].in))
	sides[port] = change
	m.joinRows(at, sides)
}

// hold notes a change until the record has been through all operators.
func (m *model) hold(at place, port int, change sideRow) {
	n := slices.IndexFunc(m.held, func(h heldRow) bool { return h.place == at })
	if n < 0 {
		n, m.held = len(m.held), append(m.held, heldRow{at, make([]sideRow, len(m.steps[at.step].in))})
	}
	side := &m.held[n].sides[port]
	if side.changed {
		change.old = side.old
	}
	*side = change
}

// complete joins the rows that were held, one join after the other.
func (m *model) complete() {
	for i := range m.steps {
		for _, h := range slices.Clone(m.held) {
			if h.step != i || m.failed {
				continue
			}
			m.joinRows(h.place, h.sides)
		}
	}
}

// joinRows sends on what becomes of a row: also a deletion of what never was,
// but not for a side that the row needs and that has none.
func (m *model) joinRows(at place, sides []sideRow) {
	s := &m.steps[at.step]
	r := record{key: at.key, partition: at.partition}
	some := false
	var old, now []any
	for side, row := range sides {
		if !row.changed {
			row = m.unchanged(at.step, side, at.partition, at.key)
		}
		old, now = append(old, row.old), append(now, row.now)
		has := row.old != nil || row.now != nil
		if !has && !row.changed && s.required(side) {
			return
		}
		some, r.time = some || has, max(r.time, row.time)
	}
	if !some {
		return
	}
	r.value, r.old = s.joined(now), s.joined(old)
	if s.stored {
		r.old = m.rows[at].value
		m.put(at, row{value: r.value, time: r.time}, r.value != nil)
	}
	m.emit(at.step, r)
}

// joined is a row of a join of tables, nil for none: a side is needed unless the
// join keeps what the other one has.
func (s *step) joined(sides []any) any {
	some := false
	for side, row := range sides {
		if row == nil && s.required(side) {
			return nil
		}
		some = some || row != nil
	}
	switch {
	case !some:
		return nil
	case s.needs != nil:
		return chained(sides...)
	}
	return paired(sides[leftSide], sides[rightSide])
}

// answers is the port of a foreign-key join by which it learns of right rows.
const answers = 2

// names is where it is noted which foreign key a left row has.
type names struct{ key any }

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
// (reference, 1.8).
func (m *model) foreign(i, port int, r record) {
	switch {
	case r.stale:
	case port == answers:
		m.answered(i, r)
	case port == rightSide:
		m.tellAll(i, r)
	default:
		m.ask(i, r)
	}
}

// ask has the join look for the right row of a left one that has changed.
func (m *model) ask(i int, r record) {
	s := &m.steps[i]
	was, is := m.foreignKey(i, r.key, r.old), m.foreignKey(i, r.key, r.value)
	m.put(place{i, r.partition, names{r.key}}, row{value: is}, is != nil)
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

// tellAll tells all left rows of a right one, in the order of their keys.
func (m *model) tellAll(i int, r record) {
	var all []place
	for at, row := range m.rows {
		if _, ok := at.key.(names); ok && at.step == i && row.value == r.key {
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
