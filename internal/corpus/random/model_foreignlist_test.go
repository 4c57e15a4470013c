package random

import (
	"bytes"
	"math"
	"slices"
)

// The model of joins by a list of foreign keys: as that by one, with a result for
// each key in the list, which is answered for itself.

// owns is where it is noted that a left row has a foreign key.
type owns struct{ key, foreign any }

func (m *model) listOf(i int, key, row any) []any {
	return m.steps[i].listed(m.steps[m.steps[i].in[rightSide]].key, key, row)
}

func (m *model) foreignList(i, port int, r record) {
	switch {
	case r.stale:
	case port == answers:
		m.answeredPair(i, r)
	case port == rightSide:
		m.tellOwners(i, r)
	default:
		m.askEach(i, r)
	}
}

// tellOwners tells all left rows that have the key of a right one, in any order
// that is always the same.
func (m *model) tellOwners(i int, r record) {
	var all []place
	for at := range m.rows {
		if has, ok := at.key.(owns); ok && at.step == i && has.foreign == r.key {
			all = append(all, at)
		}
	}
	slices.SortFunc(all, func(a, b place) int {
		return bytes.Compare(encode(a.key.(owns).key), encode(b.key.(owns).key))
	})
	for _, at := range all {
		m.tell(i, at.partition, at.key.(owns).key, answer{of: r.key, told: true, row: r.value}, r.time)
	}
}

// askEach asks for the right row of each key that a left row has, or had.
func (m *model) askEach(i int, r record) {
	was, is := m.listOf(i, r.key, r.old), m.listOf(i, r.key, r.value)
	asked := map[any]bool{}
	for _, of := range slices.Concat(was, is) {
		if asked[of] {
			continue
		}
		asked[of] = true
		has := slices.Contains(is, of)
		m.put(place{i, r.partition, owns{r.key, of}}, row{}, has)
		m.tell(i, r.partition, r.key, answer{of: of, optional: has && !m.steps[i].keeps(leftSide)}, r.time)
	}
}

// answeredPair makes a result of the two rows as they are.
func (m *model) answeredPair(i int, r record) {
	s := &m.steps[i]
	a := r.value.(answer)
	left, _ := m.look(s.in[leftSide], r.partition, r.key, math.MaxInt64)
	right, time := m.look(s.in[rightSide], partition(a.of, m.flows[s.in[rightSide]].partitions), a.of, math.MaxInt64)
	if a.told {
		right, time = a.row, 0
	}
	if right == nil && a.optional {
		return
	}
	out := record{key: pairText(r.key, a.of), time: max(r.time, time), partition: r.partition}
	if slices.Contains(m.listOf(i, r.key, left), a.of) && (right != nil || s.keeps(leftSide)) {
		out.value = paired(left, right)
	}
	m.emit(i, out)
}
