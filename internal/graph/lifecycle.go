package graph

// Starter is implemented by a node's first input, or by a Head, that has
// something to do once all nodes of its task exist and before the first
// record: the Init of a Processor. A task starts its nodes in topological
// order.
type Starter interface {
	Start() error
}

// Closer is implemented by a node's first input, or by a Head, that has
// something to release when its task leaves the instance, or when its work is
// thrown away and its nodes are made anew. It is called once, also if Start
// failed or was never reached.
type Closer interface {
	Close() error
}

// Clocked is implemented by a TaskStore that stamps writes with the event time
// of the current record, in milliseconds. The task says where that time stands.
type Clocked interface {
	Clock(nowMs *int64)
}
