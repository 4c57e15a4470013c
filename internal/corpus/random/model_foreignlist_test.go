package random

import (
	"math"
	"slices"
)

// The model of joins by a list of foreign keys: as that by one, with a result for
// each key in the list, which is answered for itself.

func (m *model) listOf(i int, key, row any) []any {
	return m.steps[i].listed(m.steps[m.steps[i].in[rightSide]].key, key, row)
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
		m.put(place{i, r.partition, names{r.key, of}}, row{}, has)
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
