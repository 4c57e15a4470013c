package topology

import (
	"slices"
	"strconv"

	"github.com/millrace-io/millrace/status"
)

// globals compares the global tables, which are filled anew by each instance.
func (d *diff) globals() {
	before := map[string]status.GlobalSpec{}
	for _, t := range d.old.Globals {
		before[t.Name] = t
	}
	now := map[string]status.GlobalSpec{}
	for _, t := range d.new.Globals {
		now[t.Name] = t
	}
	for _, name := range sorted(now) {
		old, ok := before[name]
		new, what := now[name], "global table "+name
		was, is, same := d.records(globalRecords(old), globalRecords(new))
		switch {
		case !ok:
			d.add(globalAdded, what)
		case old.Topic != new.Topic:
			d.add(globalTopic, what, "old", old.Topic, "new", new.Topic)
		case !same:
			d.add(globalTypes, what, "old", was, "new", is)
		}
	}
}

func globalRecords(t status.GlobalSpec) status.Node {
	return status.Node{Key: t.Key, Value: t.Value, Detail: t.Detail}
}

// times finds operators that lose the stream time of their own, which is kept
// under their name with the commits of their subtopology's inputs.
func (d *diff) times() {
	timed := func(in, other *description) (only []string) {
		for _, name := range sorted(in.nodes) {
			if in.nodes[name].StreamTime && !other.nodes[name].StreamTime {
				only = append(only, name)
			}
		}
		return only
	}
	gone, added := timed(d.old, d.new), timed(d.new, d.old)
	for _, pair := range pairs(&gone, &added, func(old, new string) bool {
		a, b := d.old.nodes[old], d.new.nodes[new]
		return a.Op == b.Op && a.Key == b.Key && a.Value == b.Value
	}) {
		d.add(timeRenamed, "operator "+pair[1], "old", pair[0])
	}
	for _, name := range sorted(d.old.nodes) {
		old, new := d.old.nodes[name], d.new.nodes[name]
		if !old.StreamTime || !new.StreamTime {
			continue
		}
		was, is := d.old.inputs(old.sub), d.new.inputs(new.sub)
		if !slices.ContainsFunc(is, func(topic string) bool { return slices.Contains(was, topic) }) && !slices.Equal(was, is) {
			d.add(timeMoved, "operator "+name, "old", list(was), "new", list(is))
		}
	}
}

// numbers finds subtopologies that are numbered otherwise. The same one is
// that with most topics and stores in common.
func (d *diff) numbers() {
	taken := map[int]bool{}
	for i, sub := range d.new.Subtopologies {
		best, most := -1, 0
		for j, old := range d.old.Subtopologies {
			n := d.common(j, i)
			if !taken[j] && (n > most || n == most && n > 0 && old.ID == sub.ID) {
				best, most = j, n
			}
		}
		if best < 0 {
			continue
		}
		taken[best] = true
		if old := d.old.Subtopologies[best].ID; old != sub.ID {
			d.add(renumbered, "subtopology "+strconv.Itoa(sub.ID), "old", strconv.Itoa(old))
		}
	}
}

// common counts what an old and a new subtopology both have.
func (d *diff) common(old, new int) (n int) {
	was := d.old.inputs(old)
	for _, topic := range d.new.inputs(new) {
		if slices.Contains(was, topic) {
			n++
		}
	}
	for name, s := range d.new.stores {
		if before, ok := d.old.stores[name]; ok && s.sub == new && before.sub == old {
			n++
		}
	}
	return n
}
