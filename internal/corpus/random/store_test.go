package random

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/millrace-io/millrace/state"
	"github.com/millrace-io/millrace/streamstest"
)

// compareStores fails the test if the stores, or their changelogs, do not hold
// what the model has, as far as that is determined.
func (tr *trial) compareStores(t *rapid.T, d *streamstest.Driver, m *model) {
	for i := range tr.plan.steps {
		s := &tr.plan.steps[i]
		name, key, value := tr.plan.kept(i)
		if name == "" {
			continue
		}
		var want []string
		for at, row := range m.rows {
			if at.step == i && at.ofRow() {
				held := row.value
				if s.shape == table && !s.derived() {
					held = s.shown(row)
				}
				want = append(want, inPartition(at.partition, record{key: at.key, value: held, time: row.time}))
			}
		}
		slices.Sort(want)
		rows, logged := typesOf(key, value).store(d, name)
		if got, want := strings.Join(rows, " "), strings.Join(want, " "); got != want {
			t.Fatalf("store %s (step %d):\n got %s\nwant %s", name, i, got, want)
		}
		if got, want := strings.Join(logged, " "), strings.Join(rows, " "); got != want {
			t.Fatalf("changelog of store %s (step %d):\n got %s\nwant %s", name, i, got, want)
		}
	}
}

// ofRow says that a place is that of a row, and not of what goes with it.
func (at place) ofRow() bool {
	switch at.key.(type) {
	case string, int64:
		return true
	}
	return false
}

// kept is the store of a step with the types that it holds, "" if it has none
// or one whose rows are not determined or look different.
func (p *plan) kept(i int) (name string, key, value kind) {
	s := &p.steps[i]
	if s.ttl > 0 || s.history > 0 {
		return "", 0, 0 // what no read shows goes little by little
	}
	if p.flows[i].timeless {
		return "", 0, 0
	}
	switch s.op {
	case "suppress":
		return "", 0, 0 // what is held back
	case "process", "process-values":
		if in := s.in[0]; p.flows[in].order >= perKey {
			return s.name, p.steps[in].key, s.value
		}
		return "", 0, 0
	case "aggregate":
		if s.agg != counted && s.agg != summed && s.agg != even && s.agg != reset {
			return "", 0, 0 // accumulators of many types
		}
	}
	if p.flows[i].order == unknown {
		return "", 0, 0
	}
	return s.store(), s.key, s.value
}

func inPartition(n int, r record) string { return fmt.Sprintf("%d:%v", n, r) }

// store returns the rows of a store, and what compaction would leave of its
// changelog.
func (on[K, V]) store(d *streamstest.Driver, name string) (rows, logged []string) {
	for n, view := range streamstest.Views[state.ReadOnly[K, V]](d, name) {
		for k := range view.All() {
			v, ms, _, err := view.GetWithTime(k)
			if err != nil {
				return []string{err.Error()}, nil
			}
			rows = append(rows, inPartition(n, record{key: k, value: v, time: ms}))
		}
	}
	left := map[place]record{}
	for _, r := range (on[K, V]{}).read(d, d.ChangelogTopic(name)) {
		at := place{partition: r.partition, key: r.key}
		if left[at] = r; r.value == nil {
			delete(left, at)
		}
	}
	for at, r := range left {
		logged = append(logged, inPartition(at.partition, r))
	}
	slices.Sort(rows)
	slices.Sort(logged)
	return rows, logged
}
