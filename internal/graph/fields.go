package graph

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/millrace-io/millrace/status"
)

// types are the named structs with exported fields that keys and values
// consist of, in the order of their names.
func (g *Graph) types() []status.Type {
	found := structs{met: map[reflect.Type]bool{}}
	for _, n := range g.Nodes {
		for _, p := range n.Out {
			found.add(p.Types...)
		}
	}
	for _, name := range sortedKeys(g.Stores) {
		found.add(g.Stores[name].Types...)
	}
	for _, t := range g.Globals {
		found.add(t.Types...)
	}
	slices.SortStableFunc(found.types, func(a, b status.Type) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Package, b.Package))
	})
	return found.types
}

// structs are collected on the way from keys and values into their fields.
type structs struct {
	met   map[reflect.Type]bool // types refer to themselves
	types []status.Type
}

func (s *structs) add(types ...reflect.Type) {
	for _, t := range types {
		if s.met[t] {
			continue
		}
		s.met[t] = true
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			s.add(t.Elem())
		case reflect.Map:
			s.add(t.Key(), t.Elem())
		case reflect.Struct:
			s.addStruct(t)
		}
	}
}

// addStruct adds t and what it holds. A Change is shown as what it means.
func (s *structs) addStruct(t reflect.Type) {
	fields := exportedFields(t)
	if len(fields) > 0 && t.Name() != "" && t.PkgPath() != module+"internal/graph" {
		named := status.Type{Name: shortName(t.String()), Package: t.PkgPath()}
		for _, f := range fields {
			named.Fields = append(named.Fields, status.Field{Name: f.Name, Type: shortName(f.Type.String()), JSON: jsonName(f)})
		}
		s.types = append(s.types, named)
	}
	for _, f := range fields {
		s.add(f.Type)
	}
}

// exportedFields are the fields of t as encoding/json sees them: those of an
// embedded struct stand for it, unless a tag gives it a name.
func exportedFields(t reflect.Type) (fields []reflect.StructField) {
	var named [][]int // embedded structs with a tag: what is in them is theirs
	for _, f := range reflect.VisibleFields(t) {
		if slices.ContainsFunc(named, func(at []int) bool {
			return len(at) < len(f.Index) && slices.Equal(at, f.Index[:len(at)])
		}) {
			continue
		}
		if f.Anonymous && embeds(f.Type) {
			if tagName(f) == "" {
				continue
			}
			named = append(named, f.Index)
		}
		if f.IsExported() {
			fields = append(fields, f)
		}
	}
	return fields
}

// embeds reports whether the fields of an embedded t are seen in its place.
func embeds(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct && slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool {
		return f.IsExported()
	})
}

// jsonName is status.Field.JSON.
func jsonName(f reflect.StructField) string {
	if name := tagName(f); name != f.Name {
		return name
	}
	return ""
}

// tagName is the name that a tag gives to f in JSON, "-" if it leaves f out
// and "" if it says nothing.
func tagName(f reflect.StructField) string {
	tag := f.Tag.Get("json")
	name, _, _ := strings.Cut(tag, ",")
	if name == "-" && tag != "-" {
		return "" // a field that is called "-", which nobody does
	}
	return name
}
