package random

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// rankedRow is a row of a group.
type rankedRow struct{ key, value any }

// rankedKey is where it is.
type rankedKey struct{ group, key any }

// rankBy sends a row to its group.
func (m *model) rankBy(i int, r record) {
	if r.stale {
		return
	}
	s := &m.steps[i]
	key, start := r.key, r.key
	if at, is := r.key.(span); is {
		key, start = at.key, at.start
	}
	m.emit(i, record{key: s.fn.to(s.into, key, start), value: rankedRow{r.key, r.value}, time: r.time, partition: r.partition})
}

// top sends on the first rows of a group, if one that was or is among them changes.
func (m *model) top(i int, r record) {
	changed := r.value.(rankedRow)
	before := m.firsts(i, r)
	m.put(place{i, r.partition, rankedKey{r.key, changed.key}}, row{value: changed}, changed.value != nil)
	after := m.firsts(i, r)
	if !slices.ContainsFunc(append(before, after...), func(one rankedRow) bool { return one.key == changed.key }) {
		return
	}
	all := ""
	for n, one := range after {
		rank := 1 + slices.IndexFunc(after, func(other rankedRow) bool { return score(other.value) == score(after[n].value) })
		all += rankText(rank, one.key, one.value)
	}
	r.value = nil
	if len(after) > 0 {
		r.value = all
	}
	m.emit(i, r)
}

// firsts are the rows of a record's group that score highest, in order.
func (m *model) firsts(i int, r record) (all []rankedRow) {
	for at, row := range m.rows {
		if of, is := at.key.(rankedKey); is && at.step == i && at.partition == r.partition && of.group == r.key {
			all = append(all, row.value.(rankedRow))
		}
	}
	slices.SortFunc(all, func(a, b rankedRow) int {
		return cmp.Or(cmp.Compare(score(b.value), score(a.value)), bytes.Compare(m.encoded(m.steps[i].in[0], a.key), m.encoded(m.steps[i].in[0], b.key)))
	})
	return all[:min(len(all), m.steps[i].firsts)]
}

// score is what rows are ranked by: some score the same.
func score(row any) float64 { return float64(mod(asNumber(row), 5)) }

func rankText(rank int, key, row any) string {
	if at, is := key.(span); is {
		return fmt.Sprintf("%d:%v=%s ", rank, at, short(row))
	}
	return fmt.Sprintf("%d:%s=%s ", rank, shown(key), short(row))
}
