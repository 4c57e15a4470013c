package random

import (
	"bytes"
	"cmp"
	"slices"
)

// The model of aggregations in windows: a row for each key and window, and for
// each record a look at all rows of its key (reference, 1.3 and 1.4; package
// windowing).

// storeOf is where the stream time of a step's store is.
type storeOf int

// window puts a record into its windows.
func (m *model) window(i int, r record) {
	s := &m.steps[i]
	if r.key == nil || r.value == nil && s.windows.by == sliding {
		return
	}
	now := m.tick(i, r)
	m.awake(i, r, now)
	m.closeWindows(i, r.partition, now)
	if r.value == nil && s.op != "count" {
		return
	}
	switch s.windows.by {
	case sliding:
		m.slide(i, r, now)
	case sessions, sessionsBy:
		m.session(i, r, now)
	default:
		for _, start := range s.windows.starts(r.time) {
			m.enter(i, r, span{r.key, start, start + s.windows.size}, now)
		}
	}
}

// enter puts a record into a window, unless it is late for that.
func (m *model) enter(i int, r record, at span, now int64) {
	if m.steps[i].windows.closedAt(at.end) <= now {
		m.late(i, r, at, now)
		return
	}
	r.key = at
	c := m.change(i, r, nil, counting(r.value))
	if c.value != nil {
		m.stored(i, r.partition, at.start)
	}
	m.send(i, c)
}

// stored moves the stream time of a store: it is the latest that a window began
// that was put there, or a session ended (reference, 3.3).
func (m *model) stored(i, partition int, time int64) {
	at := place{i, partition, storeOf(i)}
	m.rows[at] = row{time: max(m.time(at), time)}
}

// storeTime is that stream time, or the watermark.
func (m *model) storeTime(i, partition int) int64 {
	if len(m.ofStep[i].topics) > 0 {
		return m.time(place{-1, partition, timeOf(m.ofStep[i].id)})
	}
	return m.time(place{i, partition, storeOf(i)})
}

// counting is a value as rows have it: those that count have nulls, too.
func counting(value any) any {
	if value == nil {
		return int64(0)
	}
	return value
}

// late is a record that is too late for a window.
func (m *model) late(i int, r record, at span, now int64) {
	m.tooLate(i, r, at, now-m.steps[i].windows.closedAt(at.end), now)
}

func (m *model) tooLate(i int, r record, at span, by, now int64) {
	if r.value != nil {
		r.value = lateText(r.value, max(0, by), at.start, at.end, now)
	}
	m.all(m.behindLate[lateSide{i, leftSide}], r)
}

// send sends on the change of a row, or not until the window is over.
func (m *model) send(i int, c record) {
	s := &m.steps[i]
	if s.emits != everyUpdate {
		if m.time(place{i, c.partition, timeOf(i)}) < s.sentAt(c.key.(span).end) {
			return
		}
		at := place{i, c.partition, c.key}
		if row, has := m.rows[at]; has {
			row.done = true
			m.rows[at] = row
		}
	}
	m.emit(i, c)
}

// closeWindows sends on the rows whose windows are over at a stream time, in the
// order of these and of the keys.
func (m *model) closeWindows(i, partition int, now int64) {
	s := &m.steps[i]
	if s.emits == everyUpdate {
		return
	}
	for _, at := range m.spans(i, partition, func(at span) bool { return s.sentAt(at.end) <= now }) {
		row := m.rows[place{i, partition, at}]
		if row.done {
			continue
		}
		row.done = true
		m.rows[place{i, partition, at}] = row
		m.emit(i, record{key: at, value: s.shown(row), time: row.time, partition: partition})
	}
}

// spans are the rows of a step for which ok returns true, in order.
func (m *model) spans(i, partition int, ok func(at span) bool) (list []span) {
	for at := range m.rows {
		if of, is := at.key.(span); is && at.step == i && at.partition == partition && ok(of) {
			list = append(list, of)
		}
	}
	slices.SortFunc(list, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.start, b.start), bytes.Compare(encode(a.key), encode(b.key)))
	})
	return list
}
