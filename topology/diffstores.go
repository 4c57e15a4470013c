package topology

import (
	"cmp"
	"maps"
	"slices"
)

// stores compares the stores of the same name, and guesses which of the others
// are the same under another one.
func (d *diff) stores() {
	var gone, added []string
	for _, name := range sorted(d.old.stores) {
		if s, ok := d.new.stores[name]; ok {
			d.store(d.old.stores[name], s)
		} else {
			gone = append(gone, name)
		}
	}
	for _, name := range sorted(d.new.stores) {
		if _, ok := d.old.stores[name]; !ok {
			added = append(added, name)
		}
	}
	alike := func(old, new string) bool { return d.old.stores[old].alike(d.new.stores[new]) }
	for _, pair := range pairs(&gone, &added, alike) {
		d.add(storeRenamed, "store "+pair[1], "store", pair[1], "old", pair[0])
	}
	for _, name := range gone {
		c := storeRemoved
		if !d.old.stores[name].Logged {
			c = storeUnloggedRemoved
		}
		d.add(c, "store "+name, "store", name)
	}
	for _, name := range added {
		c := storeAddedFresh
		for topic := range d.new.origins(d.new.stores[name].sub) {
			if d.old.covers(topic) {
				c = storeAdded
			}
		}
		d.add(c, "store "+name, "store", name)
	}
}

// alike reports whether one store could be the other under a new name.
func (s storeAt) alike(other storeAt) bool {
	return s.Key == other.Key && s.Value == other.Value && s.Format == other.Format && s.Detail == other.Detail && s.Logged && other.Logged
}

// pairs takes those out of gone and added that match one another and nothing
// else.
func pairs(gone, added *[]string, match func(old, new string) bool) (found [][2]string) {
	for _, old := range slices.Clone(*gone) {
		matches := func(new string) bool { return match(old, new) }
		i := slices.IndexFunc(*added, matches)
		if i < 0 || slices.ContainsFunc((*added)[i+1:], matches) {
			continue
		}
		new := (*added)[i]
		rivals := func(other string) bool { return other != old && match(other, new) }
		if slices.ContainsFunc(*gone, rivals) {
			continue
		}
		found = append(found, [2]string{old, new})
	}
	for _, pair := range found {
		*gone = slices.DeleteFunc(*gone, func(name string) bool { return name == pair[0] })
		*added = slices.DeleteFunc(*added, func(name string) bool { return name == pair[1] })
	}
	return found
}

// store compares the two versions of one store.
func (d *diff) store(old, new storeAt) {
	add := func(c change, was, is string, more ...string) {
		d.add(c, "store "+new.Name, append([]string{"store", new.Name, "old", was, "new", is}, more...)...)
	}
	oldSerdes, oldRest := part(old.Detail, "serdes")
	newSerdes, newRest := part(new.Detail, "serdes")
	for _, t := range [...]struct{ part, old, new string }{{"key", old.Key, new.Key}, {"value", old.Value, new.Value}} {
		switch {
		case t.old == t.new:
		case oldSerdes == newSerdes && d.sameTypes(t.old, t.new):
			add(storeTypeRenamed, t.old, t.new, "part", t.part)
		default:
			add(storeType, t.old, t.new, "part", t.part)
		}
	}
	if oldSerdes != newSerdes {
		add(storeSerdes, oldSerdes, newSerdes)
	}
	if old.Format != new.Format {
		add(storeFormat, old.Format, new.Format)
	}
	switch {
	case old.Logged && !new.Logged:
		add(storeUnlogged, "", "")
	case new.Logged && !old.Logged:
		add(storeLogged, "", "")
	case new.Logged && !maps.Equal(old.LogConfig, new.LogConfig):
		add(storeLogConfig, configs(old.LogConfig), configs(new.LogConfig))
	}
	if oldRest != newRest {
		add(storeDetail, cmp.Or(oldRest, "nothing"), cmp.Or(newRest, "nothing"))
	}
	if was, is := d.old.writers(old), d.new.writers(new); was != is {
		add(storeWriter, was, is)
	}
	if was, is := d.old.inputs(old.sub), d.new.inputs(new.sub); !slices.Equal(was, is) {
		add(storeMoved, list(was), list(is))
	}
}

// writers are the operators that keep a store, for example "count", with what
// they say of themselves. Their names are left out: they do not matter here.
func (d *description) writers(s storeAt) string {
	var found []string
	for _, n := range d.Subtopologies[s.sub].Nodes {
		if slices.Contains(n.Stores, s.Name) {
			text := n.Op
			if n.Detail != "" {
				text += " (" + n.Detail + ")"
			}
			found = append(found, text)
		}
	}
	slices.Sort(found)
	return list(slices.Compact(found))
}

func configs(m map[string]string) string {
	var all []string
	for _, key := range sorted(m) {
		all = append(all, key+"="+m[key])
	}
	return list(all)
}
