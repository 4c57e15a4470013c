package graph

import "reflect"

// Graph is a compiled topology.
type Graph struct {
	Nodes         []*Node
	Stores        map[string]*StoreSpec
	Subtopologies []*Subtopology
	Globals       []*Global // in the order of making

	// Find returns the serde of a type: registered, built in or derived.
	Find func(t reflect.Type) (any, error)
}

// Subtopology is a part of a Graph whose nodes are connected by edges or
// shared stores. Its tasks process partition i of all its topics together.
type Subtopology struct {
	ID      int
	Nodes   []*Node // in topological order
	Sources []*Node
	Sinks   []*Node
	Stores  []*StoreSpec
	Globals []*Global // that its nodes read
	// CoPartitioned are groups of sources whose topics need equal partition
	// counts.
	CoPartitioned [][]*Node
}
