package random

import "slices"

// slide puts a record into all sliding windows that it is in, and makes those
// that it brings about: the one behind the record before it, the one that ends
// with it, and the one behind it, which has the later records (reference, 1.4).
func (m *model) slide(i int, r record, now int64) {
	s := &m.steps[i]
	size := s.windows.size
	from := func(start int64) span { return span{r.key, start, start + size} }
	if last := from(r.time); s.windows.closedAt(last.end) <= now {
		m.late(i, r, last, now)
		return
	}
	row := func(at span) row { return m.rows[place{i, r.partition, at}] }
	early := r.time < size // the window that ends with it is the one from 1970 on

	// What is there: the windows with the time of the record, and the last one
	// that is over or ends with the record, which has the record before.
	oldest := max(r.time-2*size, m.storeTime(i, r.partition)-2*size-s.windows.grace+1) // of those that the store finds
	all := m.spans(i, r.partition, func(at span) bool { return at.key == r.key && at.start >= oldest && at.start <= r.time+1 })
	there := func(start int64) bool { return slices.Contains(all, from(start)) }
	var in []span
	var over, before *span
	for n, at := range all {
		switch ends := at.end == r.time || early && at.start == 0; {
		case at.end < r.time:
			over, before = &all[n], &all[n]
		case at.start > r.time:
		case ends && before == nil && row(at).time < r.time:
			before = &all[n]
			fallthrough
		default:
			in = append(in, at)
		}
	}
	behindBefore, isBehind := span{}, false // the window behind the record before, if there is none yet
	var ended, rest seed
	if before != nil {
		previous := row(*before).time
		behindBefore = from(previous + 1)
		isBehind = behindBefore.end >= r.time && !there(previous+1)
		if over != nil && previous >= r.time-size {
			ended = seed{row(*over), true}
		}
	}
	if len(in) > 0 && row(in[len(in)-1]).time > r.time && !there(r.time+1) {
		rest = seed{row(in[len(in)-1]), true}
	}

	if early {
		for _, at := range in {
			if at.start > 0 {
				m.enter(i, r, at, now)
			}
		}
		m.begin(i, r, from(r.time+1), rest)
		if isBehind {
			m.enter(i, r, behindBefore, now)
		}
		m.enter(i, r, from(0), now)
		return
	}
	slices.Reverse(in)
	for _, at := range in {
		m.enter(i, r, at, now)
	}
	if isBehind {
		m.enter(i, r, behindBefore, now)
	}
	own := from(r.time - size)
	switch {
	case isBehind && behindBefore == own:
		m.again(i, r.partition, own)
	case there(own.start):
	case !ended.has || s.windows.closedAt(own.end) <= now:
		m.enter(i, r, own, now)
	default:
		if made, has := s.with(ended.row, true, r.value); has {
			made.time = r.time
			m.begin(i, r, own, seed{made, true})
		}
	}
	m.begin(i, r, from(r.time+1), rest)
}

// seed is what a window begins with.
type seed struct {
	row
	has bool
}

// begin makes a window.
func (m *model) begin(i int, r record, at span, s seed) {
	if !s.has {
		return
	}
	s.done = false
	m.rows[place{i, r.partition, at}] = s.row
	m.stored(i, r.partition, at.start)
	m.send(i, record{key: at, value: m.steps[i].shown(s.row), time: s.time, partition: r.partition})
}

// again sends on a row as it is, which Kafka Streams does if the window behind
// the record before is the one that ends with the record.
func (m *model) again(i, partition int, at span) {
	if row, has := m.rows[place{i, partition, at}]; has {
		now := m.steps[i].shown(row)
		m.send(i, record{key: at, value: now, old: now, time: row.time, partition: partition})
	}
}
