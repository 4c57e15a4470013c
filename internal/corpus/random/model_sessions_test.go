package random

// session puts a record into a session: one that it makes of itself and of all
// those that it meets.
func (m *model) session(i int, r record, now int64) {
	s := &m.steps[i]
	own := span{r.key, r.time, r.time}
	if s.windows.by == sessionsBy {
		own.end += s.windows.gapOf(r.value)
	}
	found := m.spans(i, r.partition, func(at span) bool {
		return at.key == r.key && s.windows.meet(own, at) && now < s.windows.closedAt(at.end) && !m.lost(i, r.partition, at)
	})
	all, time := own, r.time
	for _, at := range found {
		all.start, all.end = min(all.start, at.start), max(all.end, at.end)
		time = max(time, m.rows[place{i, r.partition, at}].time)
	}
	if s.windows.closedAt(all.end) <= now {
		m.late(i, r, all, now)
		return
	}
	var merged row
	has := false
	for _, at := range found {
		one := m.rows[place{i, r.partition, at}]
		if len(found) > 1 || at != own {
			was := m.sentOn(i, r.partition, at)
			delete(m.rows, place{i, r.partition, at})
			if was {
				m.emit(i, record{key: at, old: s.shown(one), time: one.time, partition: r.partition})
			}
		}
		merged, has = s.mergedWith(merged, has, one)
	}
	// One that is lost is replaced.
	change := record{key: all, time: time, partition: r.partition}
	if before, ok := m.rows[place{i, r.partition, all}]; ok {
		change.old, merged.done = s.shown(before), before.done
	}
	merged, has = s.with(merged, has, counting(r.value))
	merged.time = time
	m.put(place{i, r.partition, all}, merged, has)
	if has {
		change.value = s.shown(merged)
		m.stored(i, r.partition, all.end)
	}
	m.send(i, change)
}

// meet says whether a session that a record makes by itself goes with another one.
func (w *windows) meet(own, at span) bool {
	if w.by == sessionsBy {
		return at.end >= own.start && at.start <= own.end
	}
	return at.end >= own.start-w.size && at.start <= own.end+w.size
}

// lost says that the store does not find a session any more, which is so a
// millisecond before that closes.
func (m *model) lost(i, partition int, at span) bool {
	s := &m.steps[i]
	return s.windows.by == sessions && s.windows.closedAt(at.end) <= m.storeTime(i, partition)+1
}

// sentOn says whether the changes of a row are sent on at once.
func (m *model) sentOn(i, partition int, at span) bool {
	s := &m.steps[i]
	return s.emits == everyUpdate || s.sentAt(at.end) <= m.time(place{i, partition, timeOf(i)})
}

// mergedWith is the row of two sessions, the first of which is the earlier one;
// false is none.
func (s *step) mergedWith(a row, has bool, b row) (row, bool) {
	switch {
	case !has:
		return row{value: b.value, values: b.values}, true
	case s.op == "reduce":
		a.value, has = s.reduction.add(a.value, b.value)
		return a, has
	}
	a.values = append(append([]any{}, a.values...), b.values...)
	return a, true
}
