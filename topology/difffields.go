package topology

import (
	"slices"
	"strings"

	"github.com/millrace-io/millrace/status"
)

// sameTypes reports whether two names of types are the same, or stand for
// structs with the same fields.
func (d *diff) sameTypes(old, new string) bool {
	was, known := d.old.types[old]
	is, ok := d.new.types[new]
	return old == new || known && ok && slices.Equal(was.Fields, is.Fields)
}

// fields compares the fields of the structs that are in stores and repartition
// topics.
func (d *diff) fields() {
	for _, name := range sorted(d.new.types) {
		old, ok := d.old.types[name]
		if holder := d.old.holder(name, map[string]bool{}); ok && holder != "" {
			d.fieldsOf(old, d.new.types[name], holder)
		}
	}
}

func (d *diff) fieldsOf(old, new status.Type, holder string) {
	add := func(c change, field, was, is string) {
		d.add(c, holder, "field", field, "type", new.Name, "old", was, "new", is)
	}
	before, after := byName(old.Fields), byName(new.Fields)
	for _, name := range sorted(before) {
		was := before[name]
		is, ok := after[name]
		if !ok {
			add(storeFieldRemoved, name, "", "")
			continue
		}
		if was.Type != is.Type {
			add(storeField, name, was.Type, is.Type)
		}
		if a, b := inJSON(was), inJSON(is); !strings.EqualFold(a, b) { // JSON reads either case
			add(storeFieldRenamed, name, a, b)
		}
	}
	for _, name := range sorted(after) {
		if _, ok := before[name]; !ok {
			add(storeFieldAdded, name, "", "")
		}
	}
}

func byName(fields []status.Field) map[string]status.Field {
	m := map[string]status.Field{}
	for _, f := range fields {
		m[f.Name] = f
	}
	return m
}

func inJSON(f status.Field) string {
	switch f.JSON {
	case "":
		return f.Name
	case "-":
		return "left out"
	}
	return f.JSON
}

// holder says where a type is kept, itself or inside of another one: in a
// store or a repartition topic. It is "" for types that are in neither. seen
// are the types that were looked at.
func (d *description) holder(name string, seen map[string]bool) string {
	if seen[name] {
		return ""
	}
	seen[name] = true
	for _, s := range sorted(d.stores) {
		if at := d.stores[s]; mentions(at.Key, name) || mentions(at.Value, name) {
			return "store " + s
		}
	}
	for _, topic := range sorted(d.repartitions) {
		if n := d.repartitions[topic]; mentions(n.Key, name) || mentions(n.Value, name) {
			return "repartition topic " + topic
		}
	}
	for _, t := range d.Types {
		for _, f := range t.Fields {
			if mentions(f.Type, name) {
				if holder := d.holder(t.Name, seen); holder != "" {
					return holder
				}
			}
		}
	}
	return ""
}

// mentions reports whether a type, as it is written in Go, has the one called
// name in it.
func mentions(text, name string) bool {
	for from := 0; name != ""; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(name)
		if (start == 0 || !inName(text[start-1])) && (end == len(text) || !inName(text[end])) {
			return true
		}
		from = start + 1
	}
	return false
}

// inName reports whether a name goes on with c.
func inName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c > 127
}
