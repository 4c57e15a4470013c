package random

import (
	"math"
	"slices"
)

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
