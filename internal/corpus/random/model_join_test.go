package random

import (
	"bytes"
	"cmp"
	"slices"
)

// The model of joins of streams: all records that are not late, and for each
// new one a look at all those of the other side (reference, 1.5; package
// joins).

// sideRecords is where a side's records are.
type sideRecords int

// met is a record that was not late.
type met struct {
	record
	side    int
	matched bool
	done    bool // its result has been sent on
}

func (m *model) meet(i, port int, r record) {
	s := &m.steps[i]
	now := m.tick(i, r)
	m.awake(i, r, now)
	m.decide(i, r.partition, now)
	switch {
	case r.value == nil || r.key == nil && !s.keeps(port):
		return
	case r.key == nil:
		m.emit(i, s.alone(met{record: r.of(port), side: port}))
		return
	case r.time < now-s.window.late[port]:
		m.all(m.behindLate[lateSide{i, port}], r)
		return
	}
	one := met{record: r.of(port), side: port}
	others := m.met(i, 1-port, r.partition)
	var found []int
	for n, o := range others {
		if o.key == r.key && s.window.match(port, r.time, o.time) && !(s.once() && o.done) && !s.nearest() {
			found = append(found, n)
		}
	}
	slices.SortStableFunc(found, func(a, b int) int { return cmp.Compare(others[a].time, others[b].time) })
	if s.once() && port == leftSide {
		found = found[:min(1, len(found))]
	}
	var results []record
	for _, n := range found {
		one.matched, others[n].matched = true, true
		others[n].done = s.once() && port == rightSide
		if out, ok := s.pair(one, others[n]); ok {
			results = append(results, out)
		}
	}
	one.done = s.once() && one.matched && port == leftSide
	if !one.matched && s.keeps(port) && s.window.decided(port, r.time, now) {
		one.done = true
		results = append(results, m.alone(i, one))
	}
	one.header = "" // rows have none
	m.keep(i, 1-port, r.partition, others)
	m.keep(i, port, r.partition, append(m.met(i, port, r.partition), one))
	for _, out := range results {
		m.emit(i, out)
	}
}

// of is the record as results of a join have it: only left ones give them headers.
func (r record) of(side int) record {
	if side != leftSide {
		r.header = ""
	}
	return r
}

func (m *model) met(i, side, partition int) []met {
	all, _ := m.rows[place{i, partition, sideRecords(side)}].value.([]met)
	return slices.Clone(all)
}

func (m *model) keep(i, side, partition int, all []met) {
	m.rows[place{i, partition, sideRecords(side)}] = row{value: all}
}

// decide sends on what has no partner and can have none any more: by time, right
// ones first, and by key.
func (m *model) decide(i, partition int, now int64) {
	s := &m.steps[i]
	var due []met
	for side := range 2 {
		all := m.met(i, side, partition)
		for n := range all {
			if one := &all[n]; s.keeps(side) && !one.matched && !one.done && s.window.decided(side, one.time, now) {
				one.done = true
				due = append(due, *one)
			}
		}
		m.keep(i, side, partition, all)
	}
	slices.SortStableFunc(due, func(a, b met) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(b.side, a.side), bytes.Compare(encode(a.key), encode(b.key)))
	})
	for _, one := range due {
		m.emit(i, m.alone(i, one))
	}
}

// pair is the result of two records that go together, if there is one.
func (s *step) pair(a, b met) (record, bool) {
	if a.side == rightSide {
		a, b = b, a
	}
	out := a.record
	switch s.op {
	case "anti join":
		return out, false
	case "semi join":
		return out, true
	}
	out.value, out.time = paired(a.value, b.value), max(a.time, b.time)
	return out, true
}

// alone is the result of a record that need not wait any more: without a partner,
// or with the nearest one.
func (m *model) alone(i int, one met) record {
	s := &m.steps[i]
	var last met
	for _, o := range m.met(i, rightSide, one.partition) {
		if s.nearest() && o.key == one.key && s.window.match(leftSide, one.time, o.time) && (last.key == nil || o.time >= last.time) {
			last = o
		}
	}
	if last.key == nil {
		return s.alone(one)
	}
	out, _ := s.pair(one, last)
	return out
}

// alone is the result of a record without a partner.
func (s *step) alone(one met) record {
	out := one.record
	switch {
	case s.once():
	case one.side == leftSide:
		out.value = paired(one.value, nil)
	default:
		out.value = paired(nil, one.value)
	}
	return out
}
