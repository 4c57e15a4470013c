package random

import "slices"

// upsert takes a record for the new row of its key, also if it is older than
// the present one; a null deletes it. It is sent on whatever it changes
// (reference, 1.7).
func (m *model) upsert(i int, r record) {
	if r.key == nil {
		return
	}
	at := place{i, r.partition, r.key}
	now, _ := m.row(at)
	r.old, r.header = now.value, ""
	m.put(at, row{value: r.value, time: r.time}, r.value != nil)
	m.emit(i, r)
}

// version takes a record for what the row of its key is from its time on. It
// is stale if it is older than the row, and nothing if it is older than the
// history, which ends with the newest version of all keys (KIP-889, KIP-914).
func (m *model) version(i int, r record) {
	if r.key == nil {
		return
	}
	at, newest := place{i, r.partition, r.key}, place{i, r.partition, nil}
	end, any := m.rows[newest]
	if any && r.time < end.time-m.steps[i].history {
		return
	}
	m.rows[newest] = row{time: max(end.time, r.time)}
	now, has := m.rows[at]
	r.old, r.header = now.value, ""
	if r.stale = has && r.time < now.time; !r.stale {
		now.value, now.time = r.value, r.time // deletions too: they have a time
	}
	now.values = append(slices.Clip(now.values), version{r.value, r.time})
	m.rows[at] = now
	m.emit(i, r)
}

// version is what a row was from a time on.
type version struct {
	value any
	time  int64
}

func (m *model) put(at place, to row, has bool) {
	if has {
		m.rows[at] = to
	} else {
		delete(m.rows, at)
	}
}

// derive makes rows of those of another table.
func (m *model) derive(i int, r record) {
	s := &m.steps[i]
	made := func(x any) any { return s.row(r.key, x) }
	out := r
	out.value, out.old = made(r.value), made(r.old)
	if s.stored {
		at := place{i, r.partition, r.key}
		out.old = m.rows[at].value
		if !r.stale {
			m.put(at, row{value: out.value, time: r.time}, out.value != nil)
		}
	}
	quiet := s.op == "table-filter" || s.op == "table-filter-not"
	if quiet && out.value == nil && out.old == nil {
		return // a row that never passed leaves no trace
	}
	m.emit(i, out)
}

// row is a row of a derived table, made of one of the other, or of none.
func (s *step) row(key, from any) any {
	switch s.op {
	case "table-filter", "table-filter-not":
		if from == nil || s.fn.holds(key, from) != (s.op == "table-filter") {
			return nil
		}
		return from
	case "map-table":
		if from == nil {
			return nil
		}
		return s.fn.to(s.value, nil, from)
	}
	return s.transform(key, from)
}

// transform also makes rows of none: of half of the keys.
func (s *step) transform(key, from any) any {
	switch {
	case from == nil && s.fn2.holds(key, key):
		return s.value.zero()
	case from == nil || s.fn.holds(key, from):
		return nil
	}
	return s.fn.to(s.value, key, from)
}

// regroup makes of a change of a row one of its group, or two if it moves to
// another one: the old one goes first (reference, 1.7; KIP-904). What left a
// row as it is concerns no group (KIP-914).
func (m *model) regroup(i int, r record) {
	if r.stale {
		return
	}
	s := &m.steps[i]
	group := func(x any) (key, value any) {
		if x == nil {
			return nil, nil
		}
		return s.fn.to(s.key, r.key, x), s.fn2.to(s.value, r.key, x)
	}
	old, row := r, r
	old.key, old.old = group(r.old)
	row.key, row.value = group(r.value)
	old.value, row.old = nil, nil
	if r.old != nil && r.value != nil && old.key == row.key {
		row.old = old.old
		m.emit(i, row)
		return
	}
	if r.old != nil {
		m.emit(i, old)
	}
	if r.value != nil {
		m.emit(i, row)
	}
}

// fold puts a value into the row of its key. The row has the highest time of
// all that went in (reference, 1.4).
func (m *model) fold(i int, r record) {
	if r.key != nil && r.value != nil {
		m.emit(i, m.change(i, r, nil, r.value))
	}
}

// refold takes the old value out of a row that is there, and puts the new one
// in.
func (m *model) refold(i int, r record) { m.emit(i, m.change(i, r, r.old, r.value)) }

// change is that of a row out of which a value is taken, and into which one is
// put.
func (m *model) change(i int, r record, out, in any) record {
	s := &m.steps[i]
	at := place{i, r.partition, r.key}
	now, has := m.row(at)
	change := record{key: r.key, time: r.time, partition: r.partition}
	if has {
		change.old, change.time = s.shown(now), max(r.time, now.time)
	}
	if out != nil && has {
		now, has = s.without(now, out)
	}
	if in != nil {
		now, has = s.with(now, has, in)
	}
	now.time = change.time
	m.put(at, now, has)
	if has {
		change.value = s.shown(now)
	}
	return change
}

// shown is the row that a table shows of what its store has.
func (s *step) shown(r row) any {
	if s.derived() {
		return r.value
	}
	switch s.op {
	case "table", "to-table", "reduce", "foreign key", "left foreign key":
		return r.value
	case "count":
		return counted.of(r.values, r.gone)
	case "cogroup":
		if s.reduction == sum {
			return summed.of(r.values, nil)
		}
		return r.value
	}
	return s.agg.of(r.values, r.gone)
}

// with is a row with one more value; false deletes it.
func (s *step) with(r row, has bool, value any) (row, bool) {
	switch {
	case s.op == "reduce" && !has:
		r.value = value
		return r, true
	case s.op == "reduce":
		r.value, has = s.reduction.add(r.value, value)
		return r, has
	case s.op == "cogroup" && s.reduction == joined:
		if !has {
			r.value = ""
		}
		r.value, has = joined.add(r.value, asText(value))
		return r, has
	case !has:
		r.values, r.gone = nil, nil
	}
	if s.op == "aggregate" && s.agg.deletes(value) {
		return r, false
	}
	r.values = append(slices.Clip(r.values), value)
	return r, true
}

// without is a row with one value less; false deletes it.
func (s *step) without(r row, value any) (row, bool) {
	if s.op == "reduce" {
		r.value = subtract(r.value, value)
		return r, true
	}
	if j := slices.Index(r.values, value); j >= 0 {
		r.values = slices.Delete(slices.Clone(r.values), j, j+1)
	} else {
		r.gone = append(slices.Clip(r.gone), value)
	}
	return r, true
}

// subtract is the opposite of the reduction sum.
func subtract(row, value any) any {
	k := text
	if _, ok := row.(int64); ok {
		k = number
	}
	return as(k, asNumber(row)-asNumber(value))
}
