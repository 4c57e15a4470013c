package graph

import "reflect"

// Handle is what the handles of streams and tables are made of: an output port
// of a node under construction, and what is known about the records there.
type Handle struct {
	Builder *Builder
	Node    *Node
	Port    int
	// KeySerde and ValueSerde are a serde.Serde of the key's and value's type,
	// nil while none is known. A table's ValueSerde is for its rows.
	KeySerde, ValueSerde any
	// Rekeyed says that keys may have changed since the records were last
	// read from a topic: equal keys may be in different partitions.
	Rekeyed bool
	// View is a View of the table's key and row types, nil on streams.
	View any
}

// Edge leads from the handle to input port in of another node.
func (h Handle) Edge(in int) Edge { return Edge{From: h.Node, Port: h.Port, In: in} }

// At is the handle of the first port of n, a node behind h that leaves keys
// and values alone. It has no View: the rows of tables are looked up where n
// says.
func (h Handle) At(n *Node) Handle {
	h.Node, h.Port, h.View = n, 0, nil
	return h
}

// NewValue is At for a node that changes values: their serde is vs, nil if it
// is not known.
func (h Handle) NewValue(n *Node, vs any) Handle {
	h = h.At(n)
	h.ValueSerde = vs
	return h
}

// NewKey is At for a node that changes keys, and no longer knows their serde.
func (h Handle) NewKey(n *Node) Handle {
	h = h.At(n)
	h.KeySerde, h.Rekeyed = nil, true
	return h
}

// Grouped is what the handle of a grouped stream is made of.
type Grouped struct {
	Handle
	// Input is the handle to aggregate from: behind a repartition topic if
	// the stream is rekeyed. name is that of the aggregation's store, after
	// which the topic is called if the group has no name of its own.
	// own are the aggregation's options, for its key serde.
	Input func(name string, own *Options) Handle
}

// isNil reports whether a callback or serde that came from a user is nil.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.Func, reflect.Pointer, reflect.Map, reflect.Interface:
		return rv.IsNil()
	}
	return false
}
