package graph

import (
	"reflect"
	"strings"
)

// TypeName is the name of T as descriptions and errors show it: packages
// without their paths, also those of type arguments.
func TypeName[T any]() string { return shortName(reflect.TypeFor[T]().String()) }

// TypesOf are the types of keys and values, for descriptions.
func TypesOf[K, V any]() []reflect.Type {
	return []reflect.Type{reflect.TypeFor[K](), reflect.TypeFor[V]()}
}

// edgeName is the TypeName of an edge's values. Those of a table are shown as
// what they mean.
func edgeName[V any]() string {
	name := TypeName[V]()
	if row, ok := strings.CutPrefix(name, "graph.Change["); ok {
		return "change of " + strings.TrimSuffix(row, "]")
	}
	return name
}

// shortName drops everything between the start of a qualified name and its
// last slash, wherever in s one stands.
func shortName(s string) string {
	var b strings.Builder
	start := 0 // of the name at hand, in s
	for i, c := range s {
		switch c {
		case '[', ']', ',', '*', '(', ')', ' ', '{', '}':
			b.WriteString(s[start : i+1])
			start = i + 1
		case '/':
			start = i + 1
		}
	}
	return b.String() + s[start:]
}
