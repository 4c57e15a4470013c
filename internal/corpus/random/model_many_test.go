package random

import (
	"cmp"
	"slices"
)

// meetMany joins a record with each choice of one record of every other stream,
// no two of which are too far apart (package joins).
func (m *model) meetMany(i, port int, r record) {
	s := &m.steps[i]
	now := m.tick(i, r)
	switch {
	case r.key == nil || r.value == nil:
		return
	case r.time < now-s.window.late[0]:
		r.value = link(port, r.value)
		m.all(m.behindLate[lateSide{i, leftSide}], r)
		return
	}
	choices := [][]met{nil}
	for side := range s.in {
		of := m.met(i, side, r.partition)
		if side == port {
			of = []met{{record: r}}
		}
		slices.SortStableFunc(of, func(a, b met) int { return cmp.Compare(a.time, b.time) })
		var longer [][]met
		for _, choice := range choices {
			for _, one := range of {
				if one.key == r.key && s.window.match(leftSide, r.time, one.time) {
					longer = append(longer, append(slices.Clip(choice), one))
				}
			}
		}
		choices = longer
	}
	m.keep(i, port, r.partition, append(m.met(i, port, r.partition), met{record: r}))
	for _, choice := range choices {
		if out, ok := s.chosenOf(choice); ok {
			out.key, out.partition, out.header = r.key, r.partition, r.of(port).header
			m.emit(i, out)
		}
	}
}

// chosenOf is the result of records, unless two of them are too far apart.
func (s *step) chosenOf(choice []met) (out record, ok bool) {
	var values []any
	first := choice[0].time
	for _, one := range choice {
		values = append(values, one.value)
		first, out.time = min(first, one.time), max(out.time, one.time)
	}
	out.value = chained(values...)
	return out, s.window.match(leftSide, first, out.time)
}

// enrich joins a record of a stream with the rows of several tables, as lookup
// does with one.
func (m *model) enrich(i, port int, r record) {
	s := &m.steps[i]
	if port > 0 || r.key == nil || r.value == nil {
		return
	}
	values := []any{r.value}
	for side, in := range s.in[1:] {
		found, _ := m.look(in, r.partition, r.key, r.time)
		if found == nil && s.required(1+side) {
			return
		}
		values = append(values, found)
	}
	r.value = chained(values...)
	m.emit(i, r)
}
