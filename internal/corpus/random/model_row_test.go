package random

// look is the row that a table has of a key, as of a time if it is versioned: it
// has a time of its own.
func (m *model) look(i, partition int, key any, asOf int64) (value any, time int64) {
	s := &m.steps[i]
	r, has := m.row(place{i, partition, key})
	switch {
	case s.op == "suppress":
		if h, has := m.rows[place{i, partition, heldKey{key}}].value.(heldBack); has {
			return h.old, -1
		}
		return m.look(s.in[0], partition, key, asOf)
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
